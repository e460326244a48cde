/** What forged, late and missing segments leave of a connection: the engine's answers, and the ladder's beside them. */
import test from 'ava';
import fc from 'fast-check';
import { rowOf } from '../../harness/analyze/row-of.ts';
import { RowView } from '../../harness/analyze/row-view.ts';
import { correlate } from '../../harness/correlate/correlate.ts';
import { Engine } from '../../harness/correlate/engine.ts';
import { CLOSING_BY_CLIENT, OPENING, run, script } from '../support/segment-script.ts';
import { anyConversation } from './_conversation.ts';
import { engineOn, type Finished, packetOf } from './_follow.ts';

interface Outcome {
  readonly ending: string;
  readonly states: string;
  readonly anomalies: readonly string[];
}

function only(lines: readonly string[]): Finished {
  const finished = engineOn(script(lines));
  const [first] = finished;
  if (first === undefined || finished.length > 1) throw new TypeError(`${finished.length} connections`);
  return first;
}

function outcome(lines: readonly string[]): Outcome {
  const { lifecycle, clientState, serverState, anomalies } = only(lines);
  return { ending: lifecycle.ending, states: `${clientState} ${serverState}`, anomalies };
}

const RST_REFUSED = 'RST out of sequence';

test('a RST out of sequence does not end a connection that goes on', (t) => {
  const lines = [
    ...[...OPENING, 'server RST seq 500', 'server ACK len 5 seq 1', 'client FIN,ACK ack 6'],
    ...['server ACK seq 6', 'server FIN,ACK seq 6', 'client ACK ack 7'],
  ];
  t.deepEqual(outcome(lines), {
    ending: 'closed',
    states: 'TIME-WAIT CLOSED',
    anomalies: [RST_REFUSED],
  });
  t.is(only(lines).lifecycle.resetBy, undefined);
});

test('a RST behind what was received, likewise', (t) => {
  const lines = [...OPENING, 'server ACK len 5', 'client ACK', 'server RST seq 1', 'server ACK len 5'];
  t.like(outcome(lines), { ending: 'open', states: 'ESTABLISHED ESTABLISHED' });
});

test('a RST out of sequence ends a connection whose sender says no more', (t) => {
  const lines = [...OPENING, 'server RST seq 500', 'client ACK len 5'];
  t.deepEqual(outcome(lines), { ending: 'reset', states: 'CLOSED CLOSED', anomalies: [RST_REFUSED] });
  t.is(only(lines).lifecycle.resetBy, 'server');
});

test('the RST that answers the challenge ACK ends it', (t) => {
  const lines = [...OPENING, 'server RST seq 500', 'client ACK', 'server RST seq 1'];
  t.deepEqual(outcome(lines), { ending: 'reset', states: 'CLOSED CLOSED', anomalies: [RST_REFUSED] });
});

test('a RST that does not acknowledge the SYN refuses nothing', (t) => {
  const lines = ['client SYN', 'server RST,ACK seq 0 ack 0', 'server SYN,ACK seq 0', 'client ACK'];
  t.deepEqual(outcome(lines), {
    ending: 'open',
    states: 'ESTABLISHED ESTABLISHED',
    anomalies: ['RST that does not acknowledge the SYN'],
  });
  t.is(only(lines).lifecycle.opening, 'handshake');
});

test('a connection with a refused RST is not split from what follows it, however late', (t) => {
  t.is(engineOn(script([...OPENING, 'server RST seq 500', 'server ACK len 5 seq 1 +60000 ms'])).length, 1);
});

for (const [title, lines] of Object.entries({
  'a refused RST': [...OPENING, 'server RST seq 500', 'server ACK len 5 seq 1', 'client ACK ack 6'],
  'a refused RST on the SYN': ['client SYN', 'server RST seq 0', 'server SYN,ACK seq 0', 'client ACK'],
  'data that was not captured': [
    ...OPENING,
    'client ACK len 10 unseen',
    'server ACK',
    'server FIN,ACK',
    'client FIN,ACK',
    'server ACK',
  ],
})) {
  test(`the ladder tells the same of ${title}`, (t) => {
    const told = correlate({ ...run(lines), wireMayMiss: true }).connections[0];
    const { ending, states } = outcome(lines);
    t.is(String(told?.summary.ending), ending);
    const after = told?.segments.at(-1)?.statesAfter;
    t.is(`${after?.client ?? ''} ${after?.server ?? ''}`, states);
  });
}

test('one direction only: the handshake is known by what follows the SYN, and nothing is odd', (t) => {
  const lines = [
    ...['client SYN', 'server SYN,ACK unseen', 'client ACK', 'client ACK len 10', 'server ACK unseen'],
    ...['client FIN,ACK', 'server FIN,ACK unseen', 'client ACK'],
  ];
  const { lifecycle, anomalies } = only(lines);
  t.deepEqual([lifecycle.opening, lifecycle.ending, ...anomalies], ['handshake', 'half-closed']);
});

test('a SYN, and a RST from the same end, was not answered', (t) => {
  t.is(only(['client SYN', 'client RST seq 1']).lifecycle.opening, 'unanswered');
});

test('data from SYN-SENT is an anomaly once the SYN,ACK comes after it', (t) => {
  const lines = ['client SYN', 'client ACK len 5 ack 1', 'server SYN,ACK', 'client ACK'];
  t.deepEqual(outcome(lines).anomalies, ['data before established']);
});

test('a SYN that was captured behind its SYN,ACK is no anomaly', (t) => {
  const lines = ['server SYN,ACK ack 1', 'client SYN', 'client ACK', ...CLOSING_BY_CLIENT];
  t.deepEqual(outcome(lines), { ending: 'closed', states: 'TIME-WAIT CLOSED', anomalies: [] });
});

test('octets that were acknowledged before they were seen are an anomaly', (t) => {
  const lines = [...OPENING, 'server ACK ack 11', 'client ACK len 10', ...CLOSING_BY_CLIENT];
  t.deepEqual(outcome(lines), {
    ending: 'closed',
    states: 'TIME-WAIT CLOSED',
    anomalies: ['acknowledgement of octets that were seen only later'],
  });
});

test('a FIN that was captured behind its acknowledgement still closes', (t) => {
  const lines = [...OPENING, 'server ACK ack 2', 'client FIN,ACK', 'server FIN,ACK', 'client ACK'];
  t.is(outcome(lines).states, 'TIME-WAIT CLOSED');
});

test('an acknowledgement farther ahead than any window is of octets never sent', (t) => {
  const lines = [...OPENING, `server ACK ack ${2 ** 30 + 2}`, ...CLOSING_BY_CLIENT];
  t.deepEqual(outcome(lines).anomalies, ['acknowledgement of octets never sent']);
});

test('data that the capture missed changes neither the states nor the ending of any legal conversation', (t) => {
  let missed = 0;
  fc.assert(
    fc.property(anyConversation, fc.infiniteStream(fc.boolean()), (conversation, coins) => {
      // Both ends acknowledge what they have before it ends: otherwise nobody could know.
      const end = conversation.filter((line) => line.includes('RST'));
      const lines = [
        ...conversation.slice(0, conversation.length - end.length),
        'client ACK',
        'server ACK',
        ...end,
      ];
      const partial = lines.map((line) => {
        const isPlainData = /^\w+ (PSH,)?ACK .*len/.test(line);
        if (!isPlainData || coins.next().value !== true) return line;
        missed++;
        return `${line} unseen`;
      });
      const whole = outcome(lines);
      t.deepEqual(outcome(partial), whole, partial.join('\n'));
    }),
    { numRuns: 1000, seed: 1 },
  );
  t.true(missed > 300, `${missed} missed`);
});

test('one segment sent again three times, unanswered: abandoned by the other end', (t) => {
  const again = ['client ACK len 5', ...Array<string>(3).fill('client ACK len 5 seq 1 +400 ms')];
  t.is(outcome([...OPENING, ...again]).ending, 'abandoned');
  t.is(outcome([...OPENING, ...again.slice(1)]).ending, 'open');
  t.is(outcome([...OPENING, ...again, 'server ACK']).ending, 'open');
});

test('a FIN sent again and again: abandoned, not half-closed', (t) => {
  const again = ['client FIN,ACK', ...Array<string>(3).fill('client FIN,ACK seq 1 +400 ms')];
  t.is(outcome([...OPENING, ...again]).ending, 'abandoned');
});

test('different segments sent again, or an answer in between, are loss', (t) => {
  const sent = ['client ACK len 5', 'client ACK len 5', 'client ACK len 5'];
  const each = ['client ACK len 5 seq 1', 'client ACK len 5 seq 6', 'client ACK len 5 seq 11'];
  t.is(outcome([...OPENING, ...sent, ...each]).ending, 'open');
  const answered = each.flatMap(() => ['client ACK len 5 seq 1', 'server ACK ack 1']);
  t.is(outcome([...OPENING, ...sent, ...answered]).ending, 'open');
});

test('ports reused inside a connection are an anomaly of the one before, another SYN in SYN-SENT too', (t) => {
  const second = script(['client SYN'], { initial: { client: 70_000, server: 0 }, fromMs: 100 });
  const reused = engineOn([...script([...OPENING, 'client ACK len 5']), ...second]);
  t.deepEqual(reused[0]?.anomalies, ['ports reused inside the connection']);
  const again = engineOn([...script(['client SYN']), ...second]);
  t.deepEqual(again[0]?.anomalies, ['another SYN before the first was answered']);
  const over = engineOn([...script([...OPENING, ...CLOSING_BY_CLIENT]), ...second]);
  t.deepEqual(over[0]?.anomalies, []);
});

test('a SYN that answers a SYN, after an ACK, is the same connection: a split handshake', (t) => {
  const lines = ['client SYN', 'server ACK seq -7', 'server SYN seq 0', 'client SYN,ACK seq 0', 'server ACK'];
  t.is(only(lines).lifecycle.opening, 'split');
  t.is(correlate(run(lines)).connections.length, 1);
});

test('keep-alive probes that nobody answers: abandoned; one answer, and it is open', (t) => {
  const probes = Array<string>(3).fill('client ACK seq 5 +1000 ms');
  const lines = [...OPENING, 'client ACK len 5', 'server ACK', ...probes];
  t.is(outcome(lines).ending, 'abandoned');
  t.is(outcome([...lines, 'server ACK']).ending, 'open');
  t.is(outcome(lines.slice(0, -1)).ending, 'open');
});

test('an end whose answers the capture lacks goes on all the same: new octets, or acknowledging more, say so', (t) => {
  const again = new Array<string>(4).fill('client ACK len 5 seq 1 +300 ms');
  for (const next of ['client ACK len 5 seq 6', 'client ACK seq 6 ack 700', 'client FIN,ACK seq 6']) {
    t.not(outcome([...OPENING, ...again, next]).ending, 'abandoned', next);
  }
  t.is(
    outcome([...OPENING, ...again, 'client ACK seq 6 ack 1']).ending,
    'abandoned',
    'which says nothing new',
  );
});

test('a capture of one direction: nobody is abandoned, and what the other acknowledges has crossed unseen', (t) => {
  const lines = [
    ...[
      'client SYN',
      'server SYN,ACK unseen',
      'client ACK',
      'client ACK len 5',
      'client ACK len 5 seq 1 +300 ms',
    ],
    ...['client ACK len 5 seq 1 +600 ms', 'client ACK len 5 seq 1 +1200 ms', 'server ACK len 700 unseen'],
    ...['client ACK', 'server ACK len 30 unseen', 'client ACK len 9'],
  ];
  const told: unknown[] = [];
  const engine = new Engine({
    onFinished: (record, by) => {
      const { ending, gapBytes, lostBytes, retransmissions } = rowOf(new RowView(record, by, false));
      told.push({ ending, gapBytes, lostBytes, retransmissions });
    },
  });
  for (const segment of script(lines)) engine.see(packetOf(segment));
  engine.end();
  t.deepEqual(told, [
    { ending: 'open', gapBytes: 730, lostBytes: 0, retransmissions: { client: 3, server: 0 } },
  ]);
});
