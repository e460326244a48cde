/** PairTracker, which never looks ahead, held against trackSegments(), which knows the whole conversation. */
import test from 'ava';
import fc from 'fast-check';
import { CLOSING_BY_CLIENT, connectionOf, OPENING, script } from '../support/segment-script.ts';
import { anyConversation } from './_conversation.ts';
import { engineOn } from './_follow.ts';

interface Outcome {
  readonly states: string;
  readonly anomalies: readonly string[];
}

function online(lines: readonly string[]): Outcome {
  const [finished] = engineOn(script(lines));
  if (finished === undefined) throw new TypeError('no connection');
  const { clientState, serverState, anomalies } = finished;
  return { states: `${clientState} ${serverState}`, anomalies: [...anomalies].sort() };
}

function offline(lines: readonly string[]): Outcome {
  const { segments } = connectionOf(lines);
  const states = segments.at(-1)?.statesAfter;
  if (states === undefined) throw new TypeError('no segment');
  const anomalies = new Set(segments.flatMap((each) => each.anomalies));
  return { states: `${states.client} ${states.server}`, anomalies: [...anomalies].sort() };
}

const FINS_CROSS = ['client FIN,ACK', 'server FIN,ACK ack 1'];

const CONVERSATIONS: Readonly<Record<string, readonly string[]>> = {
  'SYN-SENT': ['client SYN'],
  'SYN-RECEIVED': OPENING.slice(0, 2),
  ESTABLISHED: OPENING,
  'one FIN': [...OPENING, 'client FIN,ACK'],
  'one FIN, acknowledged': [...OPENING, 'client FIN,ACK', 'server ACK'],
  closed: [...OPENING, ...CLOSING_BY_CLIENT],
  'closed in three': [...OPENING, 'server FIN,ACK', 'client FIN,ACK', 'server ACK'],
  'both FINs under way': [...OPENING, ...FINS_CROSS],
  'CLOSING, one acknowledged': [...OPENING, ...FINS_CROSS, 'client ACK'],
  'simultaneous close': [...OPENING, ...FINS_CROSS, 'client ACK', 'server ACK'],
  'simultaneous close, an ACK of data between the FINs': [
    ...OPENING,
    'server ACK len 5',
    'client FIN,ACK ack 1',
    'client ACK',
    'server FIN,ACK ack 1',
    'client ACK',
    'server ACK',
  ],
  'FINs that cross, one sent again once the other has come': [
    ...OPENING,
    'server ACK len 5',
    'server FIN,ACK',
    'client FIN,ACK ack 6',
    'client FIN,ACK seq 1',
  ],
  'a FIN on data, sent again without it': [
    ...OPENING,
    'client FIN,ACK len 3',
    'client FIN,ACK seq 4',
    'server FIN,ACK ack 4',
  ],
  'a FIN without ACK, and then with it': [
    ...OPENING,
    'server ACK len 5',
    'client FIN',
    'client FIN,ACK seq 1 ack 6',
    'server ACK ack 2',
  ],
  'a FIN without ACK across another, and then with it': [
    ...OPENING,
    'server FIN,ACK ack 1',
    'client FIN',
    'client FIN,ACK seq 1 ack 2',
  ],
  'a FIN, and then without ACK': [...OPENING, 'client FIN,ACK', 'client FIN seq 1'],
  'simultaneous open': ['client SYN', 'server SYN', 'client SYN,ACK seq 0', 'server SYN,ACK seq 0'],
  'simultaneous open, answered by ACKs': ['client SYN', 'server SYN', 'client SYN,ACK seq 0', 'server ACK'],
  'a SYN sent again': ['client SYN', 'client SYN seq 0', 'server SYN,ACK', 'client ACK'],
  'a SYN,ACK sent again': ['client SYN', 'server SYN,ACK', 'server SYN,ACK seq 0', 'client ACK'],
  refused: ['client SYN', 'server RST,ACK seq 0'],
  'reset in SYN-RECEIVED': ['client SYN', 'server SYN,ACK', 'client RST seq 1'],
  'reset with data under way': [...OPENING, 'client ACK len 5', 'server RST,ACK'],
  'the answer only: data behind a SYN,ACK': ['server SYN,ACK', 'server ACK len 5', 'server FIN,ACK'],
  'midstream, then closed': [
    'client ACK len 5',
    'server ACK',
    'client FIN,ACK',
    'server FIN,ACK',
    'client ACK',
  ],
};

for (const [title, lines] of Object.entries(CONVERSATIONS)) {
  test(`the same states and anomalies without looking ahead: ${title}`, (t) => {
    t.deepEqual(online(lines), offline(lines));
  });
}

test('the same states and anomalies without looking ahead: any legal conversation', (t) => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(anyConversation, (lines) => {
      const told = online(lines);
      reached.add(told.states);
      t.deepEqual(told, offline(lines), lines.join('\n'));
    }),
    { numRuns: 5000 },
  );
  for (const states of ['TIME-WAIT CLOSED', 'CLOSED TIME-WAIT', 'TIME-WAIT TIME-WAIT', 'CLOSING CLOSING']) {
    t.true(reached.has(states), states);
  }
});
