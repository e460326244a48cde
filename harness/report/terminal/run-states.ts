import type { RunConnection, SeenState, TracedTransition } from '../../model/run-connection.ts';
import type { Side } from '../../model/connection.ts';
import { statesInTurn, unreadBytes } from '../../model/states-in-turn.ts';
import { byteCount, duration } from './time.ts';

interface States {
  readonly atNs: bigint;
  readonly left: string;
  readonly right: string;
}

/**
 * The states of both ends: as the kernel told them where it did, else as `ss` saw them, which alone sees TIME-WAIT.
 * Both ends on one line where the same look of `ss` showed both.
 */
export function statesByTime({
  seenStates,
  transitions = [],
}: Pick<RunConnection, 'seenStates' | 'transitions'>): readonly States[] {
  const byTime = new Map<bigint, { left: string; right: string }>();
  const put = (atNs: bigint, side: Side, text: string): void => {
    const sides = byTime.get(atNs) ?? { left: '', right: '' };
    sides[side === 'client' ? 'left' : 'right'] = text;
    byTime.set(atNs, sides);
  };
  const traced = new Set(transitions.map(({ side }) => side));
  for (const seen of statesInTurn(seenStates)) {
    if (!traced.has(seen.side) || seen.state === 'TIME-WAIT')
      put(seen.firstSeenNs, seen.side, sampledText(seen));
  }
  for (const side of traced) {
    const own = transitions.filter((each) => each.side === side);
    for (const [index, each] of own.entries()) {
      if (!passesOn(each)) put(each.atNs, side, tracedText(each, own[index + 1], seenStates));
    }
  }
  return [...byTime].map(([atNs, sides]) => ({ atNs, ...sides }));
}

/** What the kernel calls CLOSED then is TIME-WAIT as a rule, and it does not say. */
function passesOn({ from, to }: TracedTransition): boolean {
  return to === 'CLOSED' && (from === 'FIN-WAIT-2' || from === 'CLOSING');
}

/** `CLOSE-WAIT (ss, for 3.1 s), 14 bytes unread`, from when it was first seen to when it was last. */
function sampledText(seen: SeenState): string {
  const { state, firstSeenNs, lastSeenNs } = seen;
  const lasted = lastSeenNs > firstSeenNs ? `, for ${duration(lastSeenNs - firstSeenNs)}` : '';
  return `${state} (ss${lasted})${unreadText(seen)}`;
}

/** What passed more quickly is seen to have. */
const WORTH_TELLING_NS = 1_000_000n;

/** `CLOSE-WAIT (kernel, for 3.1 s), 14 bytes unread`, as long as it was; the bytes are from `ss`. */
function tracedText(
  { side, to, atNs }: TracedTransition,
  next: TracedTransition | undefined,
  seenStates: readonly SeenState[],
): string {
  const lastedNs = (next?.atNs ?? atNs) - atNs;
  const lasted = lastedNs < WORTH_TELLING_NS ? '' : `, for ${duration(lastedNs)}`;
  const seen = seenStates.findLast((each) => each.side === side && each.state === to);
  return `${to} (kernel${lasted})${seen === undefined ? '' : unreadText(seen)}`;
}

function unreadText(seen: SeenState): string {
  const bytes = unreadBytes(seen);
  return bytes > 0 ? `, ${byteCount(bytes)} unread` : '';
}
