import type { SeenState } from '../../model/run-connection.ts';
import { statesInTurn, unreadBytes } from '../../model/states-in-turn.ts';
import { byteCount, duration } from './time.ts';

/** Both ends on one line where the same look of `ss` showed both. */
export function statesByTime(
  seenStates: readonly SeenState[],
): readonly { readonly atNs: bigint; readonly left: string; readonly right: string }[] {
  const byTime = new Map<bigint, { left: string; right: string }>();
  for (const seen of statesInTurn(seenStates)) {
    const sides = byTime.get(seen.firstSeenNs) ?? { left: '', right: '' };
    sides[seen.side === 'client' ? 'left' : 'right'] = stateText(seen);
    byTime.set(seen.firstSeenNs, sides);
  }
  return [...byTime].map(([atNs, sides]) => ({ atNs, ...sides }));
}

/** `CLOSE-WAIT (ss, for 3.1 s), 14 bytes unread`, from when it was first seen to when it was last. */
function stateText(seen: SeenState): string {
  const { state, firstSeenNs, lastSeenNs } = seen;
  const lasted = lastSeenNs > firstSeenNs ? `, for ${duration(lastSeenNs - firstSeenNs)}` : '';
  const bytes = unreadBytes(seen);
  const unread = bytes > 0 ? `, ${byteCount(bytes)} unread` : '';
  return `${state} (ss${lasted})${unread}`;
}
