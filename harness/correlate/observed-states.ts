import type { ObservedState, Side } from '../model/connection.ts';
import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { SocketSample, SocketSnapshot } from '../model/observation.ts';
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
    const row = rowOf(snapshot, local, peer);
    const seen = {
      state: row?.state ?? ('CLOSED' as const),
      lastSeenNs: endNs,
      ...(row && { receiveQueue: row.receiveQueue }),
    };
    const last = states.at(-1);
    const sample = { fromNs: startNs, toNs: endNs };
    if (last?.state === seen.state) {
      states[states.length - 1] = { ...last, ...seen, samples: [...last.samples, sample] };
    } else {
      states.push({ side, earliestNs: previousStartNs, latestNs: endNs, samples: [sample], ...seen });
    }
    previousStartNs = startNs;
  }
  return states;
}

function rowOf(snapshot: SocketSnapshot, local: Endpoint, peer: Endpoint): SocketSample | undefined {
  return snapshot.sockets.find(
    (socket) => sameEndpoint(socket.local, local) && sameEndpoint(socket.peer, peer),
  );
}
