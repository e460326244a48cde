import type { SegmentTie, TracedReset } from '../model/run-connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';

/** The kernel may be interrupted between sending a RST and telling of it. */
export const MOST_APART_NS = 100_000_000n;

/**
 * Each RST with the kernel's reason for it, those of one sender in the order in which its kernel told them. It tells of
 * a RST that answers a segment before that is sent, of one of its own accord afterwards.
 * @param errorNs of the kernel's times on the capture's clock
 */
export function withReasons(
  ties: readonly SegmentTie[],
  resets: readonly TracedReset[],
  errorNs: bigint,
): readonly SegmentTie[] {
  const left = [...resets];
  const mostNs = MOST_APART_NS + errorNs;
  return ties.map((tie) => {
    const { from, atNs } = tie.segment;
    if (!hasFlags(tie.segment, Flag.RST)) return tie;
    const index = left.findIndex(
      (each) => each.side === from && each.atNs >= atNs - mostNs && each.atNs <= atNs + mostNs,
    );
    const [told] = index === -1 ? [] : left.splice(index, 1);
    return told === undefined ? tie : { ...tie, kernelReason: told.reason };
  });
}
