import type { SeenState } from './run-connection.ts';
import type { TcpState } from './tcp-state.ts';

const AFTER_FIN: ReadonlySet<TcpState> = new Set<TcpState>(['CLOSE-WAIT', 'CLOSING', 'LAST-ACK']);

/** Octets that the program had not read. The kernel counts a FIN that was not read as one more. */
export function unreadBytes({ state, receiveQueue }: SeenState): number {
  return AFTER_FIN.has(state) ? Math.max(0, receiveQueue - 1) : receiveQueue;
}

/** The states of each end in turn, in order of time: rows of `ss` that differ in their queues only run together. */
export function statesInTurn(seen: readonly SeenState[]): readonly SeenState[] {
  const turns: SeenState[] = [];
  const lastOf = new Map<SeenState['side'], number>();
  for (const each of seen) {
    const at = lastOf.get(each.side) ?? -1;
    const last = turns[at];
    if (last?.state === each.state) {
      turns[at] = { ...each, firstSeenNs: last.firstSeenNs };
    } else {
      lastOf.set(each.side, turns.length);
      turns.push(each);
    }
  }
  return turns;
}
