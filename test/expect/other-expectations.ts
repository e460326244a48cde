/** Expectations of segments, flows and programs: met, violated, undetermined, and what damage leaves of each. */
import test from 'ava';
import { describeExpectation } from '../../harness/expect/describe-expectation.ts';
import { type Expectation, reset } from '../../harness/expect/expectation.ts';
import {
  abandoned,
  connectionCount,
  dataAfterFin,
  probes,
  simultaneousClose,
  simultaneousOpen,
  unanswered,
  zeroWindow,
} from '../../harness/expect/flow-expectations.ts';
import { judge } from '../../harness/expect/judge.ts';
import { emitted, leftIn, neverEmitted } from '../../harness/expect/program-expectations.ts';
import { elapsed, inOrder, nothingAfter, retransmitted } from '../../harness/expect/segment-expectations.ts';
import type { Lane } from '../../harness/model/observation.ts';
import type { VerdictStatus } from '../../harness/model/verdict.ts';
import { CLOSING_BY_CLIENT, OPENING, type RunOptions, timelineOf } from '../support/segment-script.ts';
import { DAMAGE, verdictOf } from './_verdict-of.ts';

const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];
const IN_THREE = [...OPENING, 'client FIN,ACK', 'server FIN,ACK', 'client ACK'];
const CROSSED = [...OPENING, 'client FIN,ACK', 'server FIN,ACK ack 1', 'client ACK', 'server ACK'];
const BOTH_SYN = ['client SYN', 'server SYN', 'client SYN,ACK seq 0', 'server SYN,ACK seq 0'];
const TRIES = ['client SYN lost', 'client SYN seq 0 +1000 ms lost', 'client SYN seq 0 +2000 ms lost'];
const WRITES_AFTER = [...OPENING, 'client FIN,ACK', 'server ACK', 'server ACK len 5', 'client RST'];
const GIVES_UP = [...OPENING, 'client ACK len 4 lost', 'client ACK len 4 seq 1 +200 ms lost'];
const KEPT_ALIVE = [
  ...OPENING,
  'client ACK seq 0 +1000 ms',
  'server ACK',
  'client ACK seq 0 +1000 ms',
  'server ACK',
];
const KEPT_AT_LAST = [...OPENING, 'client ACK seq 0 +1000 ms', 'client ACK seq 0 +1000 ms', 'server ACK'];
const UNKEPT = [...OPENING, 'client ACK seq 0 +1000 ms', 'client ACK seq 0 +1000 ms'];
const RESET_BEHIND_ANOTHER = [
  ...OPENING,
  'client ACK len 9',
  'server RST seq 90000000',
  'server RST,ACK seq 1',
];
/** Out of the window, so it ends nothing, and long before the real one. */
const RESET_BEHIND_FORGED = [
  ...OPENING,
  'server RST seq 90000000',
  'client ACK len 9',
  'server ACK',
  'server RST,ACK',
];
/** The one that ended the client never arrived, and the one that arrived ended nothing. */
const LOST_AND_FORGED = [...OPENING, 'client RST,ACK lost', 'client RST seq 90000000'];
const RESET_AT_ONCE = [...OPENING, 'client ACK len 9', 'server ACK', 'server RST,ACK'];

const GONE: RunOptions = { ss: [[900, 'CLOSED', 'ESTABLISHED']] };
const UNREAD: RunOptions = {
  ss: [[5.2, 'ESTABLISHED', ['ESTABLISHED', 9]]],
  js: [[5.6, 'server', 'destroy()']],
};
const READ: RunOptions = { ...UNREAD, ss: [[5.2, 'ESTABLISHED', 'ESTABLISHED']] };
const SEEN_RESET: RunOptions = {
  js: [
    [2, 'client', 'connect'],
    [6.1, 'client', 'error', { code: 'ECONNRESET' }],
    [6.2, 'client', 'close', { hadError: true }],
  ],
};
const LEAK: RunOptions = { ss: [[500, 'FIN-WAIT-2', 'CLOSE-WAIT']] };

type Case = readonly [
  expectation: Expectation,
  what: string,
  lines: readonly string[],
  options: RunOptions,
  status: VerdictStatus,
];

const NONE: RunOptions = {};

const CASES: readonly Case[] = [
  [
    inOrder('client > server FIN', 'server > client FIN', 'client > server ACK'),
    'a close',
    CLOSED,
    NONE,
    'met',
  ],
  [inOrder('server > client FIN', 'client > server FIN'), 'the other order', CLOSED, NONE, 'violated'],
  [inOrder('client > server FIN', 'client > server RST'), 'no RST', CLOSED, NONE, 'violated'],
  [
    inOrder('client > server FIN', 'server > client ACK', 'server > client FIN', 'client > server ACK'),
    'a close in three segments',
    IN_THREE,
    NONE,
    'met',
  ],
  [
    inOrder('client > server FIN', 'server > client FIN', 'server > client ACK'),
    'an ACK that came with the FIN before it',
    IN_THREE,
    NONE,
    'violated',
  ],
  [
    inOrder(
      'client > server PSH,ACK',
      'server > client ACK',
      'server > client PSH,ACK',
      'server > client FIN',
    ),
    'one segment that acknowledges, answers and ends',
    [...OPENING, 'client PSH,ACK len 3', 'server PSH,FIN,ACK len 5'],
    NONE,
    'met',
  ],
  [
    inOrder('client > server PSH,ACK', 'server > client PSH,ACK', 'server > client ACK'),
    'an ACK of neither line of the other side',
    [...OPENING, 'client PSH,ACK len 10', 'server PSH,ACK len 3 ack 1', 'server ACK ack 1'],
    NONE,
    'violated',
  ],
  [
    inOrder('client > server PSH,ACK', 'server > client PSH,ACK', 'server > client ACK'),
    'an ACK of the line above one of its own side',
    [...OPENING, 'client PSH,ACK len 10', 'server PSH,ACK len 3 ack 1', 'server ACK'],
    NONE,
    'met',
  ],
  [
    inOrder('client > server FIN', 'server > client ACK'),
    'an ACK that never arrived',
    [...OPENING, 'client FIN,ACK', 'server ACK lost'],
    NONE,
    'violated',
  ],
  [
    inOrder('client > server FIN', 'server > client ACK lost'),
    'an ACK that is to be lost',
    [...OPENING, 'client FIN,ACK', 'server ACK lost'],
    NONE,
    'met',
  ],
  [
    inOrder('client > server FIN', 'server > client FIN'),
    'a FIN that never arrived, and one that did',
    [...OPENING, 'client FIN,ACK lost', 'server FIN,ACK', 'client FIN,ACK seq 1'],
    NONE,
    'violated',
  ],
  [
    inOrder('client > server ACK', 'client > server ACK'),
    'one ACK for two lines',
    [...OPENING],
    NONE,
    'violated',
  ],
  [
    inOrder('client > server FIN', 'server > client ACK'),
    'an ACK of what came before',
    [...OPENING, 'client FIN,ACK', 'server PSH,ACK len 3 ack 1'],
    NONE,
    'violated',
  ],
  [
    inOrder('client > server FIN', 'server > client ACK'),
    'a RST,ACK',
    [...OPENING, 'client FIN,ACK', 'server RST,ACK'],
    NONE,
    'violated',
  ],
  [
    elapsed({ from: 'client > server FIN', to: 'server > client ACK', atMostMs: 1 }),
    'a close in three segments',
    IN_THREE,
    NONE,
    'met',
  ],
  [
    elapsed({ from: 'client > server FIN', to: 'server > client ACK', atMostMs: 1 }),
    '2 ms, behind an ACK of what came before',
    [...OPENING, 'client FIN,ACK', 'server PSH,ACK len 3 ack 1', 'server ACK'],
    NONE,
    'violated',
  ],
  [nothingAfter('client > server RST'), 'a RST', WRITES_AFTER, NONE, 'met'],
  [
    nothingAfter('client > server FIN', { from: 'client' }),
    'an ACK of the other side’s FIN',
    CLOSED,
    NONE,
    'violated',
  ],
  [
    nothingAfter('client > server FIN', { from: 'client' }),
    'only the other side speaks',
    CLOSED.slice(0, 5),
    NONE,
    'met',
  ],
  [nothingAfter('client > server RST'), 'no RST at all', CLOSED, NONE, 'violated'],
  [
    elapsed({ from: 'client > server SYN', to: 'server > client SYN,ACK', atMostMs: 1 }),
    '1 ms',
    OPENING,
    NONE,
    'met',
  ],
  [
    elapsed({ from: 'client > server SYN', to: 'client > server ACK', atMostMs: 1 }),
    '2 ms',
    OPENING,
    NONE,
    'violated',
  ],
  [
    elapsed({
      from: 'client > server SYN lost',
      to: 'client > server SYN again',
      aboutMs: 1000,
      toleranceMs: 50,
    }),
    '1000 ms',
    TRIES,
    NONE,
    'met',
  ],
  [
    elapsed({ from: 'client > server SYN lost', to: 'client > server SYN again', atLeastMs: 1001 }),
    '1000 ms',
    TRIES,
    NONE,
    'violated',
  ],
  [
    elapsed({ from: 'client > server SYN', to: 'client > server SYN again', atLeastMs: 1 }),
    'none of which arrived',
    TRIES,
    NONE,
    'violated',
  ],
  [
    elapsed({ from: 'client > server FIN', to: 'server > client ACK', atMostMs: 5 }),
    'an ACK that never arrived, and again after 40 ms',
    [...OPENING, 'client FIN,ACK', 'server ACK lost', 'server ACK +40 ms'],
    NONE,
    'violated',
  ],
  [
    elapsed({ from: 'client > server SYN', to: 'client > server ACK', atLeastMs: 2.1 }),
    '1000 ms',
    TRIES,
    NONE,
    'violated',
  ],
  [
    elapsed({ from: 'client > server SYN', to: 'client > server FIN', atLeastMs: 0 }),
    'no FIN',
    OPENING,
    NONE,
    'violated',
  ],
  [retransmitted('client > server SYN', { times: 2 }), 'twice', TRIES, NONE, 'met'],
  [retransmitted('client > server SYN'), 'twice', TRIES, NONE, 'met'],
  [retransmitted('client > server SYN', { times: 1 }), 'twice', TRIES, NONE, 'violated'],
  [retransmitted('client > server SYN', { atLeast: 3 }), 'twice', TRIES, NONE, 'violated'],
  [retransmitted('client > server FIN'), 'never', CLOSED, NONE, 'violated'],
  [retransmitted('client > server FIN', { times: 0 }), 'never', CLOSED, NONE, 'met'],
  [simultaneousOpen(), 'both send a SYN', BOTH_SYN, NONE, 'met'],
  [simultaneousOpen(), 'only the client does', OPENING, NONE, 'violated'],
  [simultaneousOpen(), 'both do, and nothing comes of it', BOTH_SYN.slice(0, 2), NONE, 'violated'],
  [simultaneousOpen(), 'the server never speaks', TRIES, NONE, 'violated'],
  [simultaneousClose(), 'the FINs crossed', CROSSED, NONE, 'met'],
  [simultaneousClose(), 'one answers the other', CLOSED, NONE, 'violated'],
  [simultaneousClose(), 'one FIN', CLOSED.slice(0, 5), NONE, 'violated'],
  [simultaneousClose(), 'one FIN is never acknowledged', CROSSED.slice(0, 6), NONE, 'violated'],
  [unanswered(), 'no answer', TRIES, NONE, 'met'],
  [unanswered({ tries: 3 }), 'three tries', TRIES, NONE, 'met'],
  [unanswered({ tries: 2 }), 'three tries', TRIES, NONE, 'violated'],
  [unanswered({ tries: 4 }), 'three tries', TRIES, NONE, 'violated'],
  [unanswered(), 'an answer that a gate keeps', ['client SYN', 'server SYN,ACK lost'], NONE, 'met'],
  [unanswered(), 'an answer', OPENING, NONE, 'violated'],
  [unanswered(), 'no SYN', ['client ACK len 3'], NONE, 'violated'],
  [abandoned({ by: 'client' }), 'nothing acknowledged, socket gone', GIVES_UP, GONE, 'met'],
  [
    abandoned({ by: 'client' }),
    'still trying',
    GIVES_UP,
    { ss: [[900, 'ESTABLISHED', 'ESTABLISHED']] },
    'violated',
  ],
  [abandoned({ by: 'client' }), 'ss was not asked', GIVES_UP, NONE, 'undetermined'],
  [abandoned({ by: 'client' }), 'acknowledged', CLOSED, { ss: [[900, 'CLOSED', 'CLOSED']] }, 'violated'],
  [abandoned({ by: 'client' }), 'reset', RESET_AT_ONCE, GONE, 'violated'],
  [dataAfterFin({ by: 'server' }), '5 bytes', WRITES_AFTER, NONE, 'met'],
  [dataAfterFin({ by: 'server', bytes: 5 }), '5 bytes', WRITES_AFTER, NONE, 'met'],
  [dataAfterFin({ by: 'server', bytes: 4 }), '5 bytes', WRITES_AFTER, NONE, 'violated'],
  [dataAfterFin({ by: 'server' }), 'none', CLOSED, NONE, 'violated'],
  [dataAfterFin({ by: 'server' }), 'no FIN', RESET_AT_ONCE, NONE, 'violated'],
  [zeroWindow({ by: 'server' }), 'never closed', CLOSED, NONE, 'violated'],
  [probes({ by: 'client', of: 'keep-alive' }), 'two', KEPT_ALIVE, NONE, 'met'],
  [
    probes({ by: 'client', of: 'keep-alive', times: 2, answered: true }),
    'two answers',
    KEPT_ALIVE,
    NONE,
    'met',
  ],
  [probes({ by: 'client', of: 'keep-alive', answered: false }), 'two answers', KEPT_ALIVE, NONE, 'violated'],
  [probes({ by: 'client', of: 'keep-alive', answered: true }), 'the last one is', KEPT_AT_LAST, NONE, 'met'],
  [
    probes({ by: 'client', of: 'keep-alive', answered: false }),
    'the last one is',
    KEPT_AT_LAST,
    NONE,
    'violated',
  ],
  [probes({ by: 'client', of: 'keep-alive', answered: false }), 'no answer', UNKEPT, NONE, 'met'],
  [probes({ by: 'client', of: 'keep-alive', answered: true }), 'no answer', UNKEPT, NONE, 'violated'],
  [probes({ by: 'client', of: 'keep-alive', times: 1 }), 'two', UNKEPT, NONE, 'violated'],
  [probes({ by: 'client', of: 'keep-alive', atLeast: 3 }), 'two', UNKEPT, NONE, 'violated'],
  [probes({ by: 'client', of: 'zero window' }), 'the window is open', UNKEPT, NONE, 'violated'],
  [probes({ by: 'server', of: 'keep-alive' }), 'only the client’s', UNKEPT, NONE, 'violated'],
  [emitted('client', 'error', { code: 'ECONNRESET' }), 'ECONNRESET', RESET_AT_ONCE, SEEN_RESET, 'met'],
  [emitted('client', 'error', { code: 'EPIPE' }), 'ECONNRESET', RESET_AT_ONCE, SEEN_RESET, 'violated'],
  [emitted('client', 'end'), 'no end', RESET_AT_ONCE, SEEN_RESET, 'violated'],
  [emitted('client', 'connect', { times: 2 }), 'once', RESET_AT_ONCE, SEEN_RESET, 'violated'],
  [emitted('server', 'error'), 'nothing seen of the server', RESET_AT_ONCE, SEEN_RESET, 'undetermined'],
  [neverEmitted('client', 'end'), 'no end', RESET_AT_ONCE, SEEN_RESET, 'met'],
  [neverEmitted('client', 'error'), 'ECONNRESET', RESET_AT_ONCE, SEEN_RESET, 'violated'],
  [neverEmitted('client', 'error', { code: 'EPIPE' }), 'ECONNRESET', RESET_AT_ONCE, SEEN_RESET, 'met'],
  [neverEmitted('server', 'end'), 'nothing seen of the server', RESET_AT_ONCE, SEEN_RESET, 'undetermined'],
  [leftIn('server', 'CLOSE-WAIT'), 'CLOSE-WAIT', CLOSED.slice(0, 5), LEAK, 'met'],
  [leftIn('server', 'CLOSED'), 'CLOSE-WAIT', CLOSED.slice(0, 5), LEAK, 'violated'],
  [leftIn('server', 'CLOSE-WAIT'), 'ss was not asked', CLOSED.slice(0, 5), NONE, 'undetermined'],
  [reset({ by: 'server', receiverIn: 'ESTABLISHED' }), 'ESTABLISHED', RESET_AT_ONCE, NONE, 'met'],
  [reset({ by: 'server', receiverIn: 'FIN-WAIT-2' }), 'ESTABLISHED', RESET_AT_ONCE, NONE, 'violated'],
  [reset({ by: 'client', receiverIn: 'CLOSE-WAIT' }), 'CLOSE-WAIT', WRITES_AFTER, NONE, 'met'],
  [reset({ by: 'server', receiverIn: 'CLOSE-WAIT' }), 'by the other', WRITES_AFTER, NONE, 'violated'],
  [
    reset({ by: 'server', receiverIn: 'SYN-SENT' }),
    'refused',
    ['client SYN', 'server RST,ACK seq 0'],
    NONE,
    'met',
  ],
  [
    reset({ by: 'client', receiverIn: 'SYN-RECEIVED' }),
    'half open',
    ['client SYN', 'server SYN,ACK', 'client RST seq 1'],
    NONE,
    'met',
  ],
  [
    reset({ by: 'server', receiverIn: 'TIME-WAIT' }),
    'TIME-WAIT',
    [...CLOSED, 'server RST seq 2'],
    NONE,
    'met',
  ],
  [
    reset({ by: 'server', receiverIn: 'ESTABLISHED' }),
    'the second, behind one out of its window',
    RESET_BEHIND_ANOTHER,
    NONE,
    'met',
  ],
  [
    reset({ by: 'server', receiverIn: 'ESTABLISHED' }),
    'one out of its window alone',
    RESET_BEHIND_ANOTHER.slice(0, -1),
    NONE,
    'violated',
  ],
  [reset({ by: 'server', receiverIn: 'ESTABLISHED' }), 'no RST', CLOSED, NONE, 'violated'],
  [reset({ by: 'server', because: 'unread data' }), 'unread data', RESET_AT_ONCE, UNREAD, 'met'],
  [reset({ by: 'server', because: 'unread data' }), 'nothing unread', RESET_AT_ONCE, READ, 'violated'],
  [
    reset({ by: 'server', because: 'unread data' }),
    'ss did not look',
    RESET_AT_ONCE,
    { js: UNREAD.js ?? [] },
    'undetermined',
  ],
  [reset({ by: 'server', because: 'unread data' }), 'no destroy()', RESET_AT_ONCE, NONE, 'violated'],
  [
    reset({ by: 'server', because: 'resetAndDestroy' }),
    'resetAndDestroy()',
    RESET_AT_ONCE,
    { js: [[5.6, 'server', 'resetAndDestroy()']] },
    'met',
  ],
  [
    reset({ by: 'server', because: 'resetAndDestroy' }),
    'resetAndDestroy(), behind one out of its window',
    RESET_BEHIND_FORGED,
    { js: [[6.6, 'server', 'resetAndDestroy()']] },
    'met',
  ],
  [reset({ by: 'client' }), 'lost, before one out of its window', LOST_AND_FORGED, NONE, 'violated'],
  [reset({ by: 'server', because: 'resetAndDestroy' }), 'destroy()', RESET_AT_ONCE, UNREAD, 'violated'],
  [reset({ by: 'client', because: 'data after close' }), 'data behind the FIN', WRITES_AFTER, NONE, 'met'],
  [reset({ by: 'server', because: 'data after close' }), 'no FIN', RESET_AT_ONCE, NONE, 'violated'],
];

for (const [expectation, what, lines, options, status] of CASES) {
  test(`${describeExpectation(expectation)}, ${what}: ${status}`, (t) => {
    const verdict = verdictOf(expectation, lines, options);
    t.is(verdict.status, status);
    t.is(verdict.title, describeExpectation(expectation));
    t.not(verdict.reason, '');
    t.is(verdict.mismatches.length > 0, status === 'violated');
    t.deepEqual(structuredClone(expectation), expectation);
  });
}

test('the proof of a reset is the RST that ended the connection, not one before it that ended nothing', (t) => {
  const { status, reason } = verdictOf(reset({ by: 'server' }), RESET_BEHIND_FORGED);
  t.is(status, 'met');
  t.is(reason, 'server → client  RST,ACK  (frame 7)');
});

test('a segment that never arrived is told as such where it was to come', (t) => {
  const lines = [...OPENING, 'client FIN,ACK', 'server ACK lost'];
  const order = verdictOf(inOrder('client > server FIN', 'server > client ACK'), lines);
  t.is(order.reason, 'none but frame 5, which never arrived');
  const time = elapsed({ from: 'client > server FIN', to: 'server > client ACK', atMostMs: 1 });
  t.is(verdictOf(time, lines).reason, 'none but frame 5, which never arrived');
});

/** Of each that is met: the lanes without which it is not. */
const NEEDS: readonly (readonly [
  expectation: Expectation,
  lines: readonly string[],
  options: RunOptions,
  lanes: readonly Lane[],
])[] = [
  [inOrder('client > server FIN', 'server > client FIN'), CLOSED, NONE, ['wire']],
  [nothingAfter('client > server RST'), WRITES_AFTER, NONE, ['wire']],
  [
    elapsed({ from: 'client > server SYN', to: 'server > client SYN,ACK', atMostMs: 1 }),
    OPENING,
    NONE,
    ['wire'],
  ],
  [retransmitted('client > server SYN'), TRIES, NONE, ['wire']],
  [simultaneousOpen(), BOTH_SYN, NONE, ['wire']],
  [simultaneousClose(), CROSSED, NONE, ['wire']],
  [unanswered(), TRIES, NONE, ['wire']],
  [abandoned({ by: 'client' }), GIVES_UP, GONE, ['wire', 'kernel']],
  [dataAfterFin({ by: 'server' }), WRITES_AFTER, NONE, ['wire']],
  [probes({ by: 'client', of: 'keep-alive' }), KEPT_ALIVE, NONE, ['wire']],
  [connectionCount({ times: 1 }), CLOSED, NONE, ['wire']],
  [emitted('client', 'error'), RESET_AT_ONCE, SEEN_RESET, ['node']],
  [neverEmitted('client', 'end'), RESET_AT_ONCE, SEEN_RESET, ['node']],
  [leftIn('server', 'CLOSE-WAIT'), CLOSED.slice(0, 5), LEAK, ['kernel']],
  [reset({ by: 'server', because: 'unread data' }), RESET_AT_ONCE, UNREAD, ['wire', 'kernel', 'node']],
  [reset({ by: 'client', because: 'data after close' }), WRITES_AFTER, NONE, ['wire']],
];

for (const [expectation, lines, options, lanes] of NEEDS) {
  test(`${describeExpectation(expectation)} is undetermined exactly when its lanes are damaged`, (t) => {
    for (const damage of DAMAGE) {
      const matters = damage.kind === 'reports-lost' || lanes.includes(damage.lane);
      const { status } = verdictOf(expectation, lines, { ...options, damage: [damage] });
      t.is(status, matters ? 'undetermined' : 'met', `${damage.lane} ${damage.kind}`);
    }
  });
}

/** What was seen and rules it out stays a violation, whatever else was missed. */
const STILL_VIOLATED: readonly (readonly [
  expectation: Expectation,
  lines: readonly string[],
  options: RunOptions,
])[] = [
  [nothingAfter('client > server FIN'), CLOSED, NONE],
  [retransmitted('client > server SYN', { times: 1 }), TRIES, NONE],
  [unanswered(), OPENING, NONE],
  [neverEmitted('client', 'error'), RESET_AT_ONCE, SEEN_RESET],
  [leftIn('server', 'CLOSED'), CLOSED.slice(0, 5), LEAK],
  [probes({ by: 'client', of: 'keep-alive', times: 1 }), UNKEPT, NONE],
  [connectionCount({ times: 0 }), CLOSED, NONE],
];

for (const [expectation, lines, options] of STILL_VIOLATED) {
  test(`${describeExpectation(expectation)} stays violated under damage: it was seen`, (t) => {
    for (const damage of DAMAGE.filter(({ kind }) => kind !== 'reports-lost')) {
      t.is(verdictOf(expectation, lines, { ...options, damage: [damage] }).status, 'violated', damage.kind);
    }
  });
}

/** What a missed segment could have been leaves nothing to say. */
const UNDETERMINED: readonly (readonly [expectation: Expectation, lines: readonly string[]])[] = [
  [inOrder('server > client FIN', 'client > server FIN'), CLOSED],
  [elapsed({ from: 'client > server SYN', to: 'client > server ACK', atMostMs: 1 }), OPENING],
  [retransmitted('client > server FIN'), CLOSED],
  [simultaneousOpen(), OPENING],
  [simultaneousClose(), CLOSED],
  [dataAfterFin({ by: 'server' }), CLOSED],
  [zeroWindow({ by: 'server' }), CLOSED],
  [reset({ by: 'server', receiverIn: 'FIN-WAIT-2' }), RESET_AT_ONCE],
];

for (const [expectation, lines] of UNDETERMINED) {
  test(`${describeExpectation(expectation)} is not violated by a damaged capture`, (t) => {
    t.is(verdictOf(expectation, lines, { damage: DAMAGE.slice(0, 1) }).status, 'undetermined');
  });
}

test('a window that closes, and opens again', (t) => {
  const timeline = timelineOf([
    ...OPENING,
    'client ACK len 9',
    'server ACK',
    'client ACK seq 9',
    'server ACK',
    'server ACK',
  ]);
  const [connection] = timeline.connections;
  if (connection === undefined) throw new TypeError('no connection');
  const closedUntil = (opens: number): typeof connection => ({
    ...connection,
    segments: connection.segments.map((tracked, index) => {
      const isClosed = tracked.from === 'server' && index >= 4 && index < opens;
      return isClosed ? { ...tracked, segment: { ...tracked.segment, window: 0 } } : tracked;
    }),
  });
  const status = (expectation: Expectation, opens: number): VerdictStatus =>
    judge(timeline, closedUntil(opens), expectation).status;
  t.is(status(zeroWindow({ by: 'server' }), 8), 'met');
  t.is(status(zeroWindow({ by: 'server', reopens: true }), 8), 'violated');
  t.is(status(zeroWindow({ by: 'server', reopens: false }), 8), 'met');
  t.is(status(zeroWindow({ by: 'server', reopens: true }), 7), 'met');
  t.is(status(zeroWindow({ by: 'server', reopens: false }), 7), 'violated');
  t.is(status(zeroWindow({ by: 'client' }), 8), 'violated');
  t.is(status(probes({ by: 'client', of: 'zero window', times: 1 }), 8), 'met');
  t.is(status(probes({ by: 'client', of: 'keep-alive' }), 8), 'violated');
});

test('connections are counted in the whole timeline', (t) => {
  const timeline = timelineOf(CLOSED);
  t.is(judge(timeline, timeline.connections[0], connectionCount({ times: 1 })).status, 'met');
  t.is(judge(timeline, timeline.connections[0], connectionCount({ atLeast: 2 })).status, 'violated');
  const nothing = { ...timeline, connections: [] };
  t.is(judge(nothing, undefined, connectionCount({ times: 0 })).status, 'met');
  t.is(judge(nothing, undefined, connectionCount({ times: 1 })).status, 'violated');
});

const WRONG: readonly (readonly [what: string, build: () => unknown, message: RegExp])[] = [
  [
    'a time without a bound',
    () => elapsed({ from: 'client > server SYN', to: 'client > server FIN' }),
    /bound/,
  ],
  [
    'a time without its tolerance',
    () => elapsed({ from: 'client > server SYN', to: 'client > server FIN', aboutMs: 1 }),
    /toleranceMs/,
  ],
  [
    'bounds the wrong way round',
    () => elapsed({ from: 'client > server SYN', to: 'client > server FIN', atLeastMs: 2, atMostMs: 1 }),
    /below/,
  ],
  [
    'bounds and a tolerance',
    () =>
      elapsed({
        from: 'client > server SYN',
        to: 'client > server FIN',
        aboutMs: 2,
        toleranceMs: 1,
        atMostMs: 5,
      }),
    /Either/,
  ],
  [
    'a negative time',
    () => elapsed({ from: 'client > server SYN', to: 'client > server FIN', atMostMs: -1 }),
    /atMostMs/,
  ],
  ['two counts', () => retransmitted('client > server SYN', { times: 1, atLeast: 1 }), /Either/],
  ['half a time', () => retransmitted('client > server SYN', { times: 0.5 }), /0.5/],
  ['a segment that cannot be read', () => nothingAfter('client > server FOO'), /line 1, column 17/],
  ['an event that nobody observes', () => emitted('client', 'ended'), /"ended"/],
  ['the code of an end', () => emitted('client', 'end', { code: 'EPIPE' }), /code/],
  ['a probe of another kind', () => probes({ by: 'client', of: 'space' as never }), /"space"/],
  ['a cause that nobody knows', () => reset({ by: 'client', because: 'spite' as never }), /"spite"/],
  ['a state that is none', () => leftIn('client', 'OPEN' as never), /"OPEN"/],
  ['a misspelt option', () => zeroWindow({ by: 'client', reopen: true } as never), /"reopen"/],
];

for (const [what, build, message] of WRONG) {
  test(`${what} is a TypeError that says so`, (t) => {
    t.throws(build, { instanceOf: TypeError, message });
  });
}
