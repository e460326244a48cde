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
 * The states of both ends: as the kernel told them where it did, else as `ss` saw them, which alone sees TIME-WAIT, and
 * FIN-WAIT-2 once the program has let go of the socket.
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
    if (!traced.has(seen.side) || isBehindTrace(seen, transitions))
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

/** What the kernel calls CLOSED then is TIME-WAIT as a rule, or FIN-WAIT-2 without its program, and it does not say. */
function passesOn({ from, to }: TracedTransition): boolean {
  return to === 'CLOSED' && (from === 'FIN-WAIT-2' || from === 'CLOSING');
}

/** Whether `ss` saw it when the kernel had told its last. */
function isBehindTrace(seen: SeenState, transitions: readonly TracedTransition[]): boolean {
  if (seen.state === 'TIME-WAIT') return true;
  const last = transitions.findLast(({ side }) => side === seen.side);
  return last !== undefined && passesOn(last) && seen.state === last.from && seen.lastSeenNs > last.atNs;
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
  // A state that may go on behind the kernel's last word has no end.
  const lastedNs = next === undefined || passesOn(next) ? 0n : next.atNs - atNs;
  const lasted = lastedNs < WORTH_TELLING_NS ? '' : `, for ${duration(lastedNs)}`;
  const seen = seenStates.findLast((each) => each.side === side && each.state === to);
  return `${to} (kernel${lasted})${seen === undefined ? '' : unreadText(seen)}`;
}

function unreadText(seen: SeenState): string {
  const bytes = unreadBytes(seen);
  return bytes > 0 ? `, ${byteCount(bytes)} unread` : '';
}
