import type { Side, TrackedSegment } from '../model/connection.ts';
import { Flag, hasFlags, sequenceLength } from '../model/segment.ts';
import type { ProbeKind } from './flow-expectations.ts';

export interface Probe {
  readonly kind: ProbeKind;
  readonly probe: TrackedSegment;
  /** What the other end sent before the next probe. */
  readonly answer?: TrackedSegment;
}

/**
 * Segments of `by` that repeat the octet before its next and carry at most that one: RFC 9293 §3.8.4. Where the other
 * end's window is closed they ask for it (§3.8.6.1), else whether anybody is there.
 */
export function probesOf(segments: readonly TrackedSegment[], by: Side): Probe[] {
  const probes: Probe[] = [];
  let next: number | undefined;
  let otherWindow = 1;
  for (const tracked of segments) {
    const { from, segment, sequence } = tracked;
    if (from !== by) {
      otherWindow = segment.window;
      const last = probes.at(-1);
      if (last !== undefined && last.answer === undefined)
        probes[probes.length - 1] = { ...last, answer: tracked };
      continue;
    }
    if (next !== undefined && isProbe(tracked, next)) {
      probes.push({ kind: otherWindow === 0 ? 'zero window' : 'keep-alive', probe: tracked });
    }
    next = Math.max(next ?? sequence, sequence + sequenceLength(segment));
  }
  return probes;
}

function isProbe({ segment, sequence }: TrackedSegment, next: number): boolean {
  const isPlain = hasFlags(segment, Flag.ACK) && (segment.flags & (Flag.SYN | Flag.FIN | Flag.RST)) === 0;
  return isPlain && segment.payloadBytes <= 1 && sequence === next - 1;
}
