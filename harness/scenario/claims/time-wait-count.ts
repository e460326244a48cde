import type { Side, Timeline } from '../../model/connection.ts';
import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import type { SocketSnapshot } from '../../model/observation.ts';
import type { ClaimResult } from '../../model/verdict.ts';

/** Something that was counted, and what it says of a claim. */
export interface ClaimNote extends Pick<ClaimResult, 'claim' | 'evidence'> {
  /** Absent when it says neither. */
  readonly outcome?: ClaimResult['outcome'];
}

/**
 * Who is left with the TIME-WAIT of connections that the server closed first, and of others that the client did. Claim
 * 7 holds that the former is the better for the server: the counts show what it costs it.
 */
export function compareTimeWait({ connections }: Timeline, { sockets }: SocketSnapshot): ClaimNote {
  const waiting = new Map(
    sockets
      .filter(({ state }) => state === 'TIME-WAIT')
      .map((socket) => [pairOf(socket.local, socket.peer), socket.timer?.expires]),
  );
  const closedBy = (first: Side): { readonly of: number; readonly held: readonly (string | undefined)[] } => {
    const closed = connections.filter(({ summary }) => summary.firstCloser === first);
    const ends = closed.map(({ client, server }) => pairOf(server, client));
    return {
      of: closed.length,
      held: ends.filter((end) => waiting.has(end)).map((end) => waiting.get(end)),
    };
  };
  const [byServer, byClient] = [closedBy('server'), closedBy('client')];
  const left = byServer.held.find((expires) => expires !== undefined);
  const evidence =
    `of ${byServer.of} connections that the server closed first ss lists ${byServer.held.length} in TIME-WAIT at the server` +
    `${left === undefined ? '' : ` (one has ${left} left)`}, of ${byClient.of} that the client did ${byClient.held.length}`;
  if (byServer.of !== byClient.of || byServer.held.length === byClient.held.length)
    return { claim: 7, evidence };
  const costs = byServer.held.length > byClient.held.length;
  return { claim: 7, evidence, outcome: costs ? 'refuted' : 'confirmed' };
}

function pairOf(local: Endpoint, peer: Endpoint): string {
  return `${formatEndpoint(local)} ${formatEndpoint(peer)}`;
}
