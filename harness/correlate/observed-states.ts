import type { ObservedState, Side } from '../model/connection.ts';
import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { SocketSnapshot } from '../model/observation.ts';
import type { TcpState } from '../model/tcp-state.ts';
import type { ClockMap } from './clocks.ts';

/**
 * The states in which `ss` showed one end, run together over snapshots that agree.
 * A socket that is not listed counts as CLOSED. Snapshots that ended before the connection began say nothing of it.
 */
export function observedStates(
  side: Side,
  ends: Readonly<Record<Side, Endpoint>>,
  snapshots: readonly SocketSnapshot[],
  clock: ClockMap,
  beganAtNs: bigint,
): ObservedState[] {
  const [local, peer] = side === 'client' ? [ends.client, ends.server] : [ends.server, ends.client];
  const states: ObservedState[] = [];
  let previousStartNs = beganAtNs;
  for (const snapshot of snapshots) {
    const startNs = snapshot.startedAtNs + clock.offsetNs;
    const endNs = snapshot.endedAtNs + clock.offsetNs;
    // A snapshot that was under way when the first segment crossed cannot be placed before or after it.
    if (startNs < beganAtNs) continue;
    const state = stateIn(snapshot, local, peer);
    const last = states.at(-1);
    if (last?.state === state) states[states.length - 1] = { ...last, lastSeenNs: endNs };
    else states.push({ side, state, earliestNs: previousStartNs, latestNs: endNs, lastSeenNs: endNs });
    previousStartNs = startNs;
  }
  return states;
}

function stateIn(snapshot: SocketSnapshot, local: Endpoint, peer: Endpoint): TcpState {
  const row = snapshot.sockets.find(
    (socket) => sameEndpoint(socket.local, local) && sameEndpoint(socket.peer, peer),
  );
  return row?.state ?? 'CLOSED';
}
