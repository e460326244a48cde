import type { Connection, Side, TrackedSegment } from '../model/connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import { absent, type Judgement, seenAt, type Shortfall, way } from './shortfall.ts';

const NEEDS = ['wire'] as const;

/** Whether both ends sent a SYN before they had the other's, and got through. */
export function openedSimultaneously({ segments }: Connection): boolean {
  const established = segments.some(({ statesAfter: { client, server } }) => {
    return client === 'ESTABLISHED' && server === 'ESTABLISHED';
  });
  return (
    established && pureSynOf(segments, 'client') !== undefined && pureSynOf(segments, 'server') !== undefined
  );
}

function pureSynOf(segments: readonly TrackedSegment[], side: Side): TrackedSegment | undefined {
  return segments.find(({ from, segment: { flags } }) => {
    return from === side && (flags & (Flag.SYN | Flag.ACK)) === Flag.SYN;
  });
}

export function judgeSimultaneousOpen(connection: Connection): Judgement {
  const { segments } = connection;
  const [client, server] = [pureSynOf(segments, 'client'), pureSynOf(segments, 'server')];
  const shortfalls: Shortfall[] = [];
  const answer = segments.find(({ from }) => from === 'server');
  if (client === undefined || server === undefined) {
    const expected = `${way(client === undefined ? 'client' : 'server')}  SYN, without ACK`;
    shortfalls.push(
      answer === undefined
        ? absent(connection, expected, 'no SYN of its own from the server')
        : seenAt(connection, answer, expected, 'absent'),
    );
  } else if (!openedSimultaneously(connection)) {
    shortfalls.push(absent(connection, 'both ends ESTABLISHED', 'both SYNs, and no connection'));
  }
  const proof = `both ends sent a SYN: frames ${client?.segment.frame ?? ''} and ${server?.segment.frame ?? ''}`;
  return { needs: NEEDS, shortfalls, proof };
}

export function judgeSimultaneousClose(connection: Connection): Judgement {
  const { segments, summary } = connection;
  const fins = (['client', 'server'] as const).map((side) => {
    return segments.find(({ from, segment }) => from === side && hasFlags(segment, Flag.FIN));
  });
  const [client, server] = fins;
  const shortfalls: Shortfall[] = [];
  if (client === undefined || server === undefined) {
    const missing = client === undefined ? 'client' : 'server';
    shortfalls.push(absent(connection, `${way(missing)}  FIN`, `no FIN from the ${missing}`));
  } else if (!summary.simultaneousClose) {
    const second = segments.indexOf(client) < segments.indexOf(server) ? server : client;
    shortfalls.push(
      seenAt(connection, second, `${way(second.from)}  FIN, sent before it had the other’s`, 'absent'),
    );
  } else if (summary.ending !== 'closed') {
    shortfalls.push(absent(connection, 'an acknowledgement of each FIN', 'a FIN that nobody acknowledged'));
  }
  const frames = fins.map((fin) => fin?.segment.frame ?? '').join(' and ');
  return { needs: NEEDS, shortfalls, proof: `the FINs crossed: frames ${frames}` };
}
