import test from 'ava';
import {
  type Expectation,
  halfClose,
  handshake,
  orderlyClose,
  refused,
  reset,
} from '../../harness/expect/expectation.ts';
import { CLOSING_BY_CLIENT, OPENING, timelineOf } from '../support/segment-script.ts';
import { judge } from '../../harness/expect/judge.ts';
import { DROPS, verdictOf } from './_verdict-of.ts';

const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];
const THREE_SEGMENTS = [...OPENING, 'client FIN,ACK', 'server FIN,ACK', 'client ACK'];
const HALF_CLOSED = [
  ...OPENING,
  'client FIN,ACK',
  'server ACK',
  'server PSH,ACK len 9',
  'client ACK',
  'server FIN,ACK',
  'client ACK',
];
const CROSSED = [...OPENING, 'client FIN,ACK', 'server FIN,ACK ack 1', 'client ACK', 'server ACK'];
const SIMULTANEOUS_OPEN = [
  'client SYN',
  'server SYN',
  'client SYN,ACK seq 0',
  'server SYN,ACK seq 0',
  'client ACK',
];
const REFUSED = ['client SYN', 'server RST,ACK seq 0'];
/** The server’s numbers begin at 0, as those of an end that never sent anything. */
const NEVER_SENT = { initial: { client: 1000, server: 0 } };

type Case = readonly [what: string, expectation: Expectation, lines: readonly string[]];

/** Legal, whatever the textbook draws. */
const MET: readonly Case[] = [
  ['SYN, SYN,ACK, ACK', handshake(), OPENING],
  [
    'the SYN is sent again',
    handshake(),
    ['client SYN lost', 'client SYN seq 0 +1000 ms', ...OPENING.slice(1)],
  ],
  [
    'the SYN,ACK is sent again',
    handshake(),
    ['client SYN', 'server SYN,ACK lost', 'server SYN,ACK seq 0', 'client ACK'],
  ],
  [
    'the ACK is lost and comes with data',
    handshake(),
    ['client SYN', 'server SYN,ACK', 'client ACK lost', 'client ACK len 5'],
  ],
  ['the ACK rides on data', handshake(), ['client SYN', 'server SYN,ACK', 'client PSH,ACK len 5']],
  ['the ACK rides on the FIN', handshake(), ['client SYN', 'server SYN,ACK', 'client FIN,ACK']],
  ['ECN is negotiated', handshake(), ['client SYN,ECE,CWR', 'server SYN,ECE,ACK', 'client ACK']],
  ['four segments', orderlyClose({ by: 'client' }), CLOSED],
  ['four segments, as demanded', orderlyClose({ by: 'client', segments: 4 }), CLOSED],
  ['the ACK rides on the second FIN', orderlyClose({ by: 'client' }), THREE_SEGMENTS],
  [
    'the ACK rides on the second FIN, as demanded',
    orderlyClose({ by: 'client', segments: 3 }),
    THREE_SEGMENTS,
  ],
  [
    'a delayed ACK',
    orderlyClose({ by: 'client' }),
    [...OPENING, 'client FIN,ACK len 5', 'server FIN,ACK +40 ms', 'client ACK'],
  ],
  [
    'FINs on data',
    orderlyClose({ by: 'client' }),
    [...OPENING, 'client FIN,PSH,ACK len 5', 'server FIN,ACK len 7', 'client ACK'],
  ],
  [
    'the first FIN is sent again',
    orderlyClose({ by: 'client', segments: 4 }),
    [...OPENING, 'client FIN,ACK lost', 'client FIN,ACK seq 1 +200 ms', ...CLOSING_BY_CLIENT.slice(1)],
  ],
  [
    'the second FIN and the last ACK are sent again',
    orderlyClose({ by: 'client', segments: 4 }),
    [...CLOSED.slice(0, 6), 'client ACK lost', 'server FIN,ACK seq 1 +200 ms', 'client ACK'],
  ],
  [
    'the server closes first',
    orderlyClose({ by: 'server' }),
    [...OPENING, 'server FIN,ACK', 'client FIN,ACK', 'server ACK'],
  ],
  [
    'a straggler behind the close, answered by a RST',
    orderlyClose({ by: 'client' }),
    [...CLOSED, 'server RST'],
  ],
  ['data behind the first FIN', halfClose({ by: 'client' }), HALF_CLOSED],
  [
    'data behind the first FIN is sent again',
    halfClose({ by: 'client' }),
    [
      ...HALF_CLOSED.slice(0, 5),
      'server ACK len 9 lost',
      'server ACK len 9 seq 1',
      'client ACK',
      'server FIN,ACK',
      'client ACK',
    ],
  ],
  [
    'the last data rides on the FIN',
    halfClose({ by: 'client' }),
    [...OPENING, 'client FIN,ACK', 'server ACK', 'server FIN,ACK len 9', 'client ACK'],
  ],
  [
    'the ACK of the FIN rides on data',
    halfClose({ by: 'client' }),
    [...OPENING, 'client FIN,ACK', 'server ACK len 9', 'client ACK', 'server FIN,ACK', 'client ACK'],
  ],
  ['RST,ACK', reset({ by: 'server' }), [...OPENING, 'server RST,ACK']],
  [
    'a RST for data that came after the close',
    reset({ by: 'client' }),
    [...OPENING, 'client FIN,ACK', 'server ACK len 5', 'client RST'],
  ],
  ['the RST is sent for each segment', reset({ by: 'client' }), [...OPENING, 'client RST,ACK', 'client RST']],
  [
    'a RST inside a connection that was there before the capture',
    reset({ by: 'server' }),
    ['client ACK len 5', 'server ACK', 'server RST,ACK'],
  ],
  ['RST,ACK for the SYN', refused(), REFUSED],
  [
    'RST,ACK for the SYN, sent twice',
    refused(),
    ['client SYN lost', 'client SYN seq 0', 'server RST,ACK seq 0'],
  ],
];

for (const [what, expectation, lines] of MET) {
  test(`${expectation.kind} is met: ${what}`, (t) => {
    const { status, reason, mismatches } = verdictOf(expectation, lines);
    t.is(status, 'met', reason);
    t.not(reason, '');
    t.deepEqual(mismatches, []);
  });
}

type Violation = readonly [...Case, expected: string, observed: string];

/** What an expectation rules out, with the first mismatch. */
const VIOLATED: readonly Violation[] = [
  [
    'no answer',
    handshake(),
    ['client SYN'],
    'server → client  SYN,ACK  after the SYN',
    'no answer from the server',
  ],
  [
    'refused',
    handshake(),
    REFUSED,
    'server → client  SYN,ACK  after the SYN',
    'server → client  RST,ACK  (frame 2)',
  ],
  [
    'no ACK',
    handshake(),
    OPENING.slice(0, 2),
    'client → server  ACK  of the SYN,ACK',
    'no ACK from the client that arrived',
  ],
  [
    'a RST instead of the ACK',
    handshake(),
    ['client SYN', 'server SYN,ACK', 'client RST'],
    'client → server  ACK  of the SYN,ACK',
    'no ACK from the client that arrived',
  ],
  [
    'a SYN,ACK of something else',
    handshake(),
    ['client SYN', 'server SYN,ACK ack 9', 'client RST'],
    'server → client  SYN,ACK  ack 1 (initial sequence number + 1)',
    'server → client  SYN,ACK  (frame 2) ack 9',
  ],
  [
    'an ACK of less',
    handshake(),
    ['client SYN', 'server SYN,ACK', 'client ACK ack 0'],
    'client → server  ACK  ack 1 (initial sequence number + 1)',
    'client → server  ACK  (frame 3) ack 0',
  ],
  [
    'an ACK of more',
    handshake(),
    ['client SYN', 'server SYN,ACK', 'client ACK ack 5'],
    'client → server  ACK  ack 1 (initial sequence number + 1)',
    'client → server  ACK  (frame 3) ack 5',
  ],
  [
    'a simultaneous open',
    handshake(),
    SIMULTANEOUS_OPEN,
    'server → client  SYN,ACK  after the SYN',
    'server → client  SYN  (frame 2)',
  ],
  [
    'no SYN',
    handshake(),
    ['client ACK len 1', 'server ACK'],
    'client → server  SYN first',
    'client → server  ACK  (frame 1)',
  ],
  ['no FIN', orderlyClose({ by: 'client' }), OPENING, 'client → server  FIN', 'no FIN from either side'],
  [
    'only one FIN',
    orderlyClose({ by: 'client' }),
    CLOSED.slice(0, 5),
    'server → client  FIN',
    'no FIN from the server',
  ],
  [
    'a FIN without its ACK',
    orderlyClose({ by: 'client' }),
    CLOSED.slice(0, 6),
    'an acknowledgement of each FIN',
    'a FIN that nobody acknowledged',
  ],
  [
    'an ACK that never arrived',
    orderlyClose({ by: 'client' }),
    [...CLOSED.slice(0, 6), 'client ACK lost'],
    'an acknowledgement of each FIN',
    'a FIN that nobody acknowledged',
  ],
  [
    'the other side first',
    orderlyClose({ by: 'server' }),
    CLOSED,
    'server → client  FIN first',
    'client → server  FIN,ACK  (frame 4)',
  ],
  [
    'a RST instead',
    orderlyClose({ by: 'client' }),
    [...OPENING, 'client RST,ACK'],
    'client → server  FIN',
    'client → server  RST,ACK  (frame 4)',
  ],
  [
    'a RST behind the FIN',
    orderlyClose({ by: 'client' }),
    [...OPENING, 'client FIN,ACK', 'server RST,ACK'],
    'a close by FIN in both directions',
    'server → client  RST,ACK  (frame 5)',
  ],
  [
    'three segments where four are demanded',
    orderlyClose({ by: 'client', segments: 4 }),
    THREE_SEGMENTS,
    'a close in 4 segments',
    'a close in 3 segments',
  ],
  [
    'four segments where three are demanded',
    orderlyClose({ by: 'client', segments: 3 }),
    CLOSED,
    'a close in 3 segments',
    'a close in 4 segments',
  ],
  [
    'FINs that crossed',
    orderlyClose({ by: 'client' }),
    CROSSED,
    'client → server  FIN, received before the other',
    'server → client  FIN,ACK  (frame 5): the FINs crossed',
  ],
  [
    'FINs that crossed, from the other side',
    orderlyClose({ by: 'server' }),
    CROSSED,
    'server → client  FIN, received before the other',
    'server → client  FIN,ACK  (frame 5): the FINs crossed',
  ],
  [
    'no data',
    halfClose({ by: 'client' }),
    CLOSED,
    'server → client  data  after the client’s FIN',
    'no data from the server after it',
  ],
  [
    'data from before the FIN was received',
    halfClose({ by: 'client' }),
    [
      ...OPENING,
      'client FIN,ACK',
      'server ACK len 9 ack 1',
      'server ACK',
      'client ACK',
      'server FIN,ACK',
      'client ACK',
    ],
    'server → client  data  after the client’s FIN',
    'no data from the server after it',
  ],
  [
    'both directions closed at once',
    halfClose({ by: 'client', dataAfter: false }),
    THREE_SEGMENTS,
    'the server’s direction open after the client’s FIN was acknowledged',
    'the server’s FIN came with the acknowledgement, or not at all',
  ],
  [
    'data only on the FIN that acknowledges',
    halfClose({ by: 'client' }),
    [...OPENING, 'client FIN,ACK', 'server FIN,ACK len 9', 'client ACK'],
    'the server’s direction open after the client’s FIN was acknowledged',
    'the server’s FIN came with the acknowledgement, or not at all',
  ],
  [
    'a RST behind the data',
    halfClose({ by: 'client' }),
    [...HALF_CLOSED.slice(0, 6), 'server RST,ACK'],
    'a close by FIN in both directions',
    'server → client  RST,ACK  (frame 7)',
  ],
  [
    'no RST',
    reset({ by: 'client' }),
    OPENING,
    'client → server  RST  on the established connection',
    'no RST that arrived',
  ],
  [
    'a FIN instead',
    reset({ by: 'client' }),
    CLOSED,
    'client → server  RST  on the established connection',
    'client → server  FIN,ACK  (frame 4)',
  ],
  [
    'a RST of the other side',
    reset({ by: 'client' }),
    [...OPENING, 'server RST,ACK'],
    'client → server  RST  on the established connection',
    'server → client  RST,ACK  (frame 4)',
  ],
  [
    'refused',
    reset({ by: 'server' }),
    REFUSED,
    'server → client  RST  on the established connection',
    'server → client  RST,ACK  (frame 2)',
  ],
  [
    'a RST behind the close',
    reset({ by: 'server' }),
    [...CLOSED, 'server RST'],
    'server → client  RST  on the established connection',
    'server → client  RST  (frame 8)',
  ],
  [
    'closed in SYN-SENT, a RST for the late SYN,ACK',
    reset({ by: 'client' }),
    ['client SYN', 'server SYN,ACK', 'client RST'],
    'client → server  RST  on the established connection',
    'client → server  RST  (frame 3)',
  ],
  [
    'no answer',
    refused(),
    ['client SYN'],
    'server → client  RST,ACK  ack 1, in answer to the SYN',
    'no answer',
  ],
  [
    'accepted',
    refused(),
    OPENING,
    'server → client  RST,ACK  ack 1, in answer to the SYN',
    'server → client  SYN,ACK  (frame 2)',
  ],
  [
    'accepted, then reset',
    refused(),
    [...OPENING, 'server RST,ACK'],
    'server → client  RST,ACK  ack 1, in answer to the SYN',
    'server → client  SYN,ACK  (frame 2)',
  ],
  [
    'a RST that does not acknowledge the SYN',
    refused(),
    ['client SYN', 'server RST,ACK seq 0 ack 0'],
    'server → client  RST,ACK  ack 1, in answer to the SYN',
    'server → client  RST,ACK  (frame 2)',
  ],
  [
    'a RST without a SYN before it',
    refused(),
    ['client ACK len 1', 'server RST,ACK seq 0'],
    'client → server  SYN first',
    'client → server  ACK  (frame 1)',
  ],
  [
    'a RST that ended nothing',
    reset({ by: 'server' }),
    ['client SYN', 'server RST seq 0'],
    'server → client  RST  on the established connection',
    'server → client  RST  (frame 2)',
  ],
  [
    'a refusal that never arrived',
    refused(),
    ['client SYN', 'server RST,ACK seq 0 lost'],
    'server → client  RST,ACK  ack 1, in answer to the SYN, which ends the attempt',
    'server → client  RST,ACK  (frame 2)',
  ],
];

for (const [what, expectation, lines, expected, observed] of VIOLATED) {
  test(`${expectation.kind} (${'by' in expectation ? expectation.by : 'any'}) is violated: ${what}`, (t) => {
    const { status, reason, mismatches } = verdictOf(expectation, lines, NEVER_SENT);
    t.is(status, 'violated');
    t.is(reason, observed);
    t.is(mismatches[0]?.expected, expected);
    t.is(mismatches[0]?.observed, observed);
    const frame = /\(frame (\d+)\)/.exec(observed)?.[1];
    t.is(mismatches[0]?.frame, frame === undefined ? undefined : Number(frame));
  });
}

/** What was seen and cannot be undone by anything that was missed. */
const CONTRADICTED: readonly Case[] = [
  ['refused', handshake(), REFUSED],
  ['a SYN,ACK of something else', handshake(), ['client SYN', 'server SYN,ACK ack 9', 'client RST']],
  ['an ACK of less', handshake(), ['client SYN', 'server SYN,ACK', 'client ACK ack 0']],
  ['a simultaneous open', handshake(), SIMULTANEOUS_OPEN],
  ['a RST', orderlyClose({ by: 'client' }), [...OPENING, 'client FIN,ACK', 'server RST,ACK']],
  ['FINs that crossed', orderlyClose({ by: 'client' }), CROSSED],
  ['a RST', halfClose({ by: 'client' }), [...OPENING, 'client RST,ACK']],
  ['a RST of the other side', reset({ by: 'client' }), [...OPENING, 'server RST,ACK']],
  ['refused', reset({ by: 'server' }), REFUSED],
  ['accepted', refused(), OPENING],
  ['a RST behind the close', reset({ by: 'server' }), [...CLOSED, 'server RST']],
];

for (const [what, expectation, lines] of CONTRADICTED) {
  test(`${expectation.kind} stays violated under damage: ${what}`, (t) => {
    t.is(verdictOf(expectation, lines, { ...NEVER_SENT, damage: DROPS }).status, 'violated');
  });
}

/** The same run with frames that were not captured: nothing but damage, so neither met nor violated. */
const MISSED: readonly Case[] = [
  ['the SYN', handshake(), ['client SYN unseen', ...OPENING.slice(1)]],
  [
    'the SYN,ACK',
    handshake(),
    ['client SYN', 'server SYN,ACK unseen', 'client ACK', 'server ACK len 4', 'client ACK'],
  ],
  [
    'the SYN,ACK, before a reset',
    handshake(),
    ['client SYN', 'server SYN,ACK unseen', 'client ACK unseen', 'server RST,ACK'],
  ],
  ['the ACK', handshake(), ['client SYN', 'server SYN,ACK', 'client ACK unseen']],
  [
    'the ACK, but not a later one',
    handshake(),
    ['client SYN', 'server SYN,ACK', 'client ACK unseen', 'server ACK len 5', 'client ACK'],
  ],
  [
    'all of it',
    handshake(),
    ['client SYN unseen', 'server SYN,ACK unseen', 'client ACK unseen', 'client ACK len 1'],
  ],
  [
    'the first FIN',
    orderlyClose({ by: 'client' }),
    [...OPENING, 'client FIN,ACK unseen', ...CLOSING_BY_CLIENT.slice(1)],
  ],
  [
    'the first FIN of the other side',
    orderlyClose({ by: 'client' }),
    [...OPENING, 'client FIN,ACK unseen', 'server FIN,ACK', 'client ACK'],
  ],
  [
    'the second FIN',
    orderlyClose({ by: 'client' }),
    [...OPENING, 'client FIN,ACK', 'server ACK', 'server FIN,ACK unseen', 'client ACK'],
  ],
  [
    'the ACK between',
    orderlyClose({ by: 'client', segments: 4 }),
    [...OPENING, 'client FIN,ACK', 'server ACK unseen', 'server FIN,ACK', 'client ACK'],
  ],
  ['the last ACK', orderlyClose({ by: 'client' }), [...CLOSED.slice(0, 6), 'client ACK unseen']],
  [
    'the data',
    halfClose({ by: 'client' }),
    [
      ...OPENING,
      'client FIN,ACK',
      'server ACK',
      'server ACK len 9 unseen',
      'client ACK',
      'server FIN,ACK',
      'client ACK',
    ],
  ],
  ['the RST', reset({ by: 'client' }), [...OPENING, 'client RST,ACK unseen']],
  [
    'the handshake before the RST',
    reset({ by: 'server' }),
    ['client SYN', 'server SYN,ACK unseen', 'client ACK unseen', 'server RST,ACK'],
  ],
  [
    'the RST’s predecessors',
    reset({ by: 'client' }),
    [...OPENING, 'client ACK len 50 unseen', 'client RST,ACK'],
  ],
  ['the answer', refused(), ['client SYN', 'server RST,ACK seq 0 unseen']],
  ['the RST behind a FIN', reset({ by: 'client' }), [...OPENING, 'client FIN,ACK', 'client RST,ACK unseen']],
  ['what a RST that ended nothing was for', reset({ by: 'server' }), ['client SYN', 'server RST seq 0']],
  [
    'the refusal that arrived',
    refused(),
    ['client SYN', 'server RST,ACK seq 0 lost', 'server RST,ACK seq 0 unseen'],
  ],
];

for (const [what, expectation, lines] of MISSED) {
  test(`${expectation.kind} is undetermined when the capture missed ${what}`, (t) => {
    const { status, reason, mismatches } = verdictOf(expectation, lines, { damage: DROPS });
    t.is(status, 'undetermined', reason);
    t.is(reason, 'the kernel dropped 3 packets');
    t.deepEqual(mismatches, []);
  });
}

test('a mismatch tells what was expected and observed, in which frame, why, and what lay around it', (t) => {
  const lines = [...OPENING, 'client FIN,ACK', 'server ACK', 'server RST,ACK', 'client ACK'];
  const { mismatches } = verdictOf(orderlyClose({ by: 'client' }), lines, {
    ss: [[3.5, 'ESTABLISHED', ['ESTABLISHED', 14]]],
    js: [[5.9, 'server', 'destroy()']],
  });
  t.deepEqual(mismatches, [
    {
      expected: 'a close by FIN in both directions',
      observed: 'server → client  RST,ACK  (frame 6)',
      frame: 6,
      cause: 'server destroy() with 14 unread bytes',
      seen: '#4 FIN,ACK →   #5 ACK ←   #6 RST,ACK ←   #7 ACK →',
    },
  ]);
});

test('what never came is shown by the last segments there are', (t) => {
  const { mismatches } = verdictOf(orderlyClose({ by: 'client' }), CLOSED.slice(0, 5));
  t.deepEqual(mismatches, [
    {
      expected: 'server → client  FIN',
      observed: 'no FIN from the server',
      seen: '#3 ACK →   #4 FIN,ACK →   #5 ACK ←',
    },
  ]);
});

test('the proof of a reset names the segment and the call behind it', (t) => {
  const lines = [...OPENING, 'client RST,ACK'];
  const { reason } = verdictOf(reset({ by: 'client' }), lines, {
    js: [[3.9, 'client', 'resetAndDestroy()']],
  });
  t.is(reason, 'client → server  RST,ACK  (frame 4), by client resetAndDestroy()');
});

test('without a connection, what was expected is violated, or undetermined when the capture is damaged', (t) => {
  const whole = timelineOf([]);
  t.like(judge(whole, undefined, handshake()), {
    status: 'violated',
    reason: 'no segment of such a connection',
  });
  const damaged = timelineOf([], { damage: DROPS });
  t.like(judge(damaged, undefined, handshake()), {
    status: 'undetermined',
    reason: 'the kernel dropped 3 packets',
  });
});
