/** The engine's running answers, held against what correlate() reads off the whole conversation afterwards. */
import test from 'ava';
import fc from 'fast-check';
import { NEVER_NS } from '../../harness/correlate/lifecycle-end.ts';
import type { Connection } from '../../harness/model/connection.ts';
import { CLOSING_BY_CLIENT, connectionOf, OPENING, script } from '../support/segment-script.ts';
import { anyConversation } from './_conversation.ts';
import { engineOn, type LifecycleFacts } from './_follow.ts';

type Facts = Omit<LifecycleFacts, 'opening'>;

/** Endings that only the engine tells apart. */
const COARSE: Readonly<Record<string, string>> = {
  'half-closed': 'open',
  closing: 'open',
  unanswered: 'open',
};

function running(lines: readonly string[]): Omit<Facts, 'ending'> & { ending: string } {
  const { opening: _opening, ...facts } = engineOn(script(lines))[0]?.lifecycle ?? fail();
  return { ...facts, ending: COARSE[facts.ending] ?? facts.ending };
}

function afterwards({ summary }: Connection): Omit<Facts, 'ending'> & { ending: string } {
  const { ending, closeSegments, halfClosedNs, finAckNs, bytesAfterFirstFin, handshakeNs } = summary;
  return {
    ending,
    closeSegments,
    halfClosedNs: halfClosedNs === undefined ? undefined : Number(halfClosedNs),
    finAckNs: finAckNs === undefined ? undefined : Number(finAckNs),
    bytesAfterFirstFin,
    handshakeNs: handshakeNs === undefined ? NEVER_NS : Number(handshakeNs),
    firstCloser: summary.firstCloser,
    resetBy: summary.resetBy,
  };
}

function fail(): never {
  throw new TypeError('no connection');
}

const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];

const CONVERSATIONS: Readonly<Record<string, readonly string[]>> = {
  'opened and left': OPENING,
  'closed in four segments': CLOSED,
  'closed in three': [...OPENING, 'server FIN,ACK', 'client FIN,ACK', 'server ACK'],
  'half-closed, with data after it': [
    ...OPENING,
    'client FIN,ACK',
    'server ACK',
    'server ACK len 7 +5 ms',
    'client ACK',
    'server FIN,ACK',
    'client ACK',
  ],
  'data that crossed the FIN': [
    ...OPENING,
    'client FIN,ACK',
    'server ACK len 5 ack 1',
    'server FIN,ACK',
    'client ACK',
  ],
  'FINs that crossed': [...OPENING, 'client FIN,ACK', 'server FIN,ACK ack 1', 'client ACK', 'server ACK'],
  'a FIN on data': [...OPENING, 'client FIN,ACK len 9', 'server FIN,ACK len 4', 'client ACK'],
  'a FIN sent again': [...OPENING, 'client FIN,ACK', 'client FIN,ACK seq 1', 'server FIN,ACK', 'client ACK'],
  'data sent again after the FIN': [
    ...OPENING,
    'client FIN,ACK',
    'server ACK len 5',
    'server ACK len 5 seq 1',
    'client ACK',
    'server FIN,ACK',
    'client ACK',
  ],
  refused: ['client SYN', 'server RST,ACK seq 0'],
  'refused after a SYN sent again': ['client SYN', 'client SYN seq 0 +1000 ms', 'server RST,ACK seq 0'],
  'reset by the client': [...OPENING, 'client RST,ACK'],
  'reset by the server, with data behind it': [...OPENING, 'server RST', 'client ACK len 4'],
  'reset behind one FIN': [...OPENING, 'client FIN,ACK', 'server ACK len 5', 'client RST'],
  'reset behind both FINs, one not acknowledged': [...CLOSED.slice(0, 6), 'client RST'],
  'reset behind the close': [...CLOSED, 'server RST'],
  'opened from both ends': [
    'client SYN',
    'server SYN',
    'client SYN,ACK seq 0',
    'server SYN,ACK seq 0',
    'client ACK',
  ],
  midstream: ['client ACK len 5', 'server ACK', 'client FIN,ACK', 'server FIN,ACK', 'client ACK'],
};

for (const [title, lines] of Object.entries(CONVERSATIONS)) {
  test(`the same afterwards and packet by packet: ${title}`, (t) => {
    t.deepEqual(running(lines), afterwards(connectionOf(lines)));
  });
}

test('the same afterwards and packet by packet: any legal conversation', (t) => {
  let closed = 0;
  fc.assert(
    fc.property(anyConversation, (lines) => {
      const told = running(lines);
      if (told.ending === 'closed') closed++;
      t.deepEqual(told, afterwards(connectionOf(lines)), lines.join('\n'));
    }),
    { numRuns: 1000, seed: 1 },
  );
  t.true(closed > 100, `${closed} closed`);
});
