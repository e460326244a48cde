import type { Timeline } from '../../model/connection.ts';
import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import type { SocketSnapshot } from '../../model/observation.ts';
import type { ClaimResult } from '../../model/verdict.ts';

/** Something that was counted, and what it says of a claim. */
export interface ClaimNote extends Pick<ClaimResult, 'claim' | 'evidence'> {
  /** Absent when it says neither. */
  readonly outcome?: ClaimResult['outcome'];
}

/**
 * Who holds the TIME-WAIT of these connections now. Claim 7 holds that a server which closes first is the better off:
 * the count shows what it pays.
 */
export function countTimeWait({ connections }: Timeline, { sockets }: SocketSnapshot): ClaimNote {
  const waiting = new Set(
    sockets.filter(({ state }) => state === 'TIME-WAIT').map(({ local, peer }) => pairOf(local, peer)),
  );
  const count = (end: 'client' | 'server'): number => {
    const other = end === 'client' ? 'server' : 'client';
    return connections.filter((connection) => waiting.has(pairOf(connection[end], connection[other]))).length;
  };
  const [client, server] = [count('client'), count('server')];
  const evidence = `ss lists ${server} TIME-WAIT sockets of the server and ${client} of the clients, for ${connections.length} connections`;
  // The claim is refuted where the cost of closing first falls on whoever did, and the other holds nothing.
  const pays = connections.every(({ summary }) => summary.firstCloser === 'server')
    ? server === connections.length && client === 0
    : client === connections.length && server === 0;
  return { claim: 7, evidence, ...(pays && { outcome: 'refuted' }) };
}

function pairOf(local: Endpoint, peer: Endpoint): string {
  return `${formatEndpoint(local)} ${formatEndpoint(peer)}`;
}
