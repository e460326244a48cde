import { formatEndpoint } from '../model/endpoint.ts';
import type { SocketSample, SocketSnapshot, StateTransition } from '../model/observation.ts';
import type { TcpState } from '../model/tcp-state.ts';

/**
 * What changed between two snapshots, first the sockets of `previous` in their order, then the new ones in theirs.
 * A socket is its two endpoints and its cookie, so the two ends of a loopback connection are two sockets, and a
 * 4-tuple that is used again while its TIME-WAIT row remains is a new one. Listeners count too.
 */
export function compareSnapshots(previous: SocketSnapshot, next: SocketSnapshot): readonly StateTransition[] {
  const before = indexSockets(previous.sockets);
  const after = indexSockets(next.sockets);
  const transitions: StateTransition[] = [];
  const note = (socket: SocketSample, from: TcpState, to: TcpState): void => {
    if (from === to) return;
    const { local, peer, cookie } = socket;
    transitions.push({
      local,
      peer,
      ...(cookie === undefined ? {} : { cookie }),
      from,
      to,
      // The kernel was read somewhere within each snapshot, so a change lies between the outer times.
      earliestNs: previous.startedAtNs,
      latestNs: next.endedAtNs,
    });
  };
  for (const [identity, socket] of before) note(socket, socket.state, after.get(identity)?.state ?? 'CLOSED');
  for (const [identity, socket] of after) {
    if (!before.has(identity)) note(socket, 'CLOSED', socket.state);
  }
  return transitions;
}

/** A dump is not atomic: a socket that moves while it runs may be listed twice, and the later row is newer. */
function indexSockets(sockets: readonly SocketSample[]): ReadonlyMap<string, SocketSample> {
  return new Map(sockets.map((socket) => [identify(socket), socket]));
}

function identify({ local, peer, cookie = '' }: SocketSample): string {
  return `${formatEndpoint(local)} ${formatEndpoint(peer)} ${cookie}`;
}
