import type { ObservedState, Side } from '../model/connection.ts';
import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { SocketSample, SocketSnapshot } from '../model/observation.ts';
import type { ClockMap } from './clocks.ts';

/** The time that a connection spans; the same pair of endpoints may be used again after it. */
export interface Span {
  readonly beganAtNs: bigint;
  /** First segment of the next connection of these two endpoints. */
  readonly nextBeganAtNs?: bigint;
  /** Whether no other connection of these two endpoints came before it. */
  readonly isFirst?: boolean;
}

/** Its SYN may be in a queue still: the connection has begun, and nothing of it has been captured. */
function isOpening(snapshot: SocketSnapshot, local: Endpoint, peer: Endpoint): boolean {
  return rowOf(snapshot, local, peer)?.state === 'SYN-SENT';
}

/**
 * The states in which `ss` showed one end, run together over snapshots that agree.
 * A socket that is not listed counts as CLOSED. Times are widened by the clock's error, so that what they say of
 * before and after is certain; a snapshot that was not certainly within the connection's span says nothing of it.
 */
export function observedStates(
  side: Side,
  ends: Readonly<Record<Side, Endpoint>>,
  snapshots: readonly SocketSnapshot[],
  clock: ClockMap,
  { beganAtNs, nextBeganAtNs, isFirst = false }: Span,
): ObservedState[] {
  const [local, peer] = side === 'client' ? [ends.client, ends.server] : [ends.server, ends.client];
  const states: ObservedState[] = [];
  let previousFromNs = beganAtNs;
  for (const snapshot of snapshots) {
    const fromNs = snapshot.startedAtNs + clock.offsetNs - clock.errorNs;
    const toNs = snapshot.endedAtNs + clock.offsetNs + clock.errorNs;
    const isBefore = fromNs < beganAtNs && !(isFirst && isOpening(snapshot, local, peer));
    if (isBefore || (nextBeganAtNs !== undefined && toNs > nextBeganAtNs)) continue;
    const row = rowOf(snapshot, local, peer);
    const seen = {
      state: row?.state ?? ('CLOSED' as const),
      lastSeenNs: toNs,
      ...(row && { receiveQueue: row.receiveQueue }),
    };
    const last = states.at(-1);
    const sample = { fromNs, toNs };
    if (last?.state === seen.state) {
      states[states.length - 1] = { ...last, ...seen, samples: [...last.samples, sample] };
    } else {
      states.push({ side, earliestNs: previousFromNs, latestNs: toNs, samples: [sample], ...seen });
    }
    previousFromNs = fromNs;
  }
  return states;
}

function rowOf(snapshot: SocketSnapshot, local: Endpoint, peer: Endpoint): SocketSample | undefined {
  return snapshot.sockets.find(
    (socket) => sameEndpoint(socket.local, local) && sameEndpoint(socket.peer, peer),
  );
}
