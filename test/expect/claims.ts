import test from 'ava';
import { examineClaims } from '../../harness/expect/claims.ts';
import {
  CLIENT,
  CLOSING_BY_CLIENT,
  OPENING,
  type RunOptions,
  run,
  timelineOf,
} from '../support/segment-script.ts';
import { correlate } from '../../harness/correlate/correlate.ts';
import { DAMAGE, DROPS } from './_verdict-of.ts';

const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];
const CLOSED_BY_SERVER = [...OPENING, 'server FIN,ACK', 'client ACK', 'client FIN,ACK', 'server ACK'];
const THREE_SEGMENTS = [...OPENING, 'client FIN,ACK', 'server FIN,ACK', 'client ACK'];
const CROSSED = [...OPENING, 'client FIN,ACK', 'server FIN,ACK ack 1', 'client ACK', 'server ACK'];
const HALF_CLOSED = [
  ...OPENING,
  'client FIN,ACK',
  'server ACK',
  'server ACK len 9',
  'client ACK',
  'server FIN,ACK',
  'client ACK',
];
const SIMULTANEOUS_OPEN = ['client SYN', 'server SYN', 'client SYN,ACK seq 0', 'server SYN,ACK seq 0'];
const REFUSED = ['client SYN', 'server RST,ACK seq 0'];
const FIN_AGAIN = [
  ...OPENING,
  'client FIN,ACK lost',
  'client FIN,ACK seq 1 +200 ms',
  ...CLOSING_BY_CLIENT.slice(1),
];

const after = (client: 'TIME-WAIT' | 'CLOSED', server: 'TIME-WAIT' | 'CLOSED'): RunOptions => ({
  ss: [[500, client, server]],
});

/** `confirmed: why`, `refuted: why`, or `not shown`. */
function outcomeOf(claim: number, lines: readonly string[], options: RunOptions = {}): string {
  const timeline = timelineOf(lines, options);
  const [connection] = timeline.connections;
  const result = connection && examineClaims(timeline, connection).find((one) => one.claim === claim);
  return result === undefined ? 'not shown' : `${result.outcome}: ${result.evidence}`;
}

const OUTWAITED = [...OPENING, 'client FIN,ACK', 'server ACK'];
const GONE: RunOptions = {
  ss: [
    [3.5, 'ESTABLISHED', 'ESTABLISHED'],
    [6, 'FIN-WAIT-2', 'CLOSE-WAIT'],
    [1005, 'CLOSED', 'CLOSE-WAIT'],
  ],
};

type Case = readonly [
  claim: number,
  what: string,
  lines: readonly string[],
  options: RunOptions,
  outcome: string,
];

const WHOLE: RunOptions = {};
const DAMAGED: RunOptions = { damage: DROPS };
const KERNEL_DAMAGED = {
  ...after('TIME-WAIT', 'CLOSED'),
  damage: DAMAGE.filter(({ lane }) => lane === 'kernel'),
};
const ONE_FRAME_EACH = 'frames 1, 2, 3; each ack is the other side’s initial number + 1';
const SERVER_PAYS = 'the server closed first, and it is the server that holds TIME-WAIT';

const CASES: readonly Case[] = [
  [1, 'a handshake', OPENING, WHOLE, `confirmed: ${ONE_FRAME_EACH}`],
  [1, 'a simultaneous open', SIMULTANEOUS_OPEN, WHOLE, 'refuted: both ends sent a SYN: simultaneous open'],
  [1, 'a refusal', REFUSED, WHOLE, 'not shown'],
  [1, 'a handshake in a damaged capture', OPENING, DAMAGED, 'not shown'],
  [2, 'one connection', CLOSED, WHOLE, 'not shown'],
  [3, 'four segments', CLOSED, WHOLE, 'confirmed: this close took 4'],
  [
    3,
    'three segments',
    THREE_SEGMENTS,
    WHOLE,
    'refuted: this close took 3: the ACK rode on the second FIN, which is legal',
  ],
  [
    3,
    'FINs that crossed',
    CROSSED,
    WHOLE,
    'refuted: this close took 4: FIN, FIN, ACK, ACK, since the FINs crossed',
  ],
  [3, 'a close in a damaged capture', THREE_SEGMENTS, DAMAGED, 'not shown'],
  [3, 'a connection still open', OPENING, WHOLE, 'not shown'],
  [3, 'a reset', [...OPENING, 'client RST,ACK'], WHOLE, 'not shown'],
  [4, 'data behind the first FIN', HALF_CLOSED, WHOLE, 'confirmed: 9 bytes came after the client’s FIN'],
  [4, 'no data behind the first FIN', CLOSED, WHOLE, 'not shown'],
  [4, 'data behind the first FIN, and no second', HALF_CLOSED.slice(0, 7), WHOLE, 'not shown'],
  [4, 'a damaged capture', HALF_CLOSED, DAMAGED, 'not shown'],
  [
    5,
    'one end in TIME-WAIT',
    CLOSED,
    after('TIME-WAIT', 'CLOSED'),
    'refuted: only the client did, which closed first',
  ],
  [5, 'the other end in TIME-WAIT', CLOSED, after('CLOSED', 'TIME-WAIT'), 'refuted: only the server did'],
  [
    5,
    'both ends in TIME-WAIT',
    CROSSED,
    after('TIME-WAIT', 'TIME-WAIT'),
    'confirmed: ss showed both in TIME-WAIT, since the FINs crossed',
  ],
  [5, 'no end in TIME-WAIT when ss looked', CLOSED, after('CLOSED', 'CLOSED'), 'not shown'],
  [5, 'ss that did not look', CLOSED, WHOLE, 'not shown'],
  [5, 'ss that failed', CLOSED, KERNEL_DAMAGED, 'not shown'],
  [5, 'a reset', [...OPENING, 'client RST,ACK'], after('CLOSED', 'CLOSED'), 'not shown'],
  [6, 'a FIN sent again', FIN_AGAIN, WHOLE, 'confirmed: the client sent its FIN again (frame 5)'],
  [6, 'a SYN sent again', ['client SYN lost', 'client SYN seq 0', ...CLOSED.slice(1)], WHOLE, 'not shown'],
  [6, 'nothing sent again', CLOSED, WHOLE, 'not shown'],
  [
    6,
    'an end that waited for a FIN that never came',
    OUTWAITED,
    GONE,
    'confirmed: the client was gone from FIN-WAIT-2 within 1002 ms, without a FIN from the other end',
  ],
  [6, 'an end that still waits', OUTWAITED, { ss: GONE.ss?.slice(0, 2) ?? [] }, 'not shown'],
  [6, 'an end that was reset while it waited', [...OUTWAITED, 'server RST,ACK +1000 ms'], GONE, 'not shown'],
  [6, 'an end that is gone, in a damaged capture', OUTWAITED, { ...GONE, damage: DROPS }, 'not shown'],
  [
    7,
    'a server that closed first',
    CLOSED_BY_SERVER,
    after('CLOSED', 'TIME-WAIT'),
    `refuted: ${SERVER_PAYS}`,
  ],
  [
    7,
    'a server that closed first, and TIME-WAIT at the client',
    CLOSED_BY_SERVER,
    after('TIME-WAIT', 'CLOSED'),
    'confirmed: the server closed first, and TIME-WAIT is left to the client',
  ],
  [
    7,
    'a server that closed first, and ss that failed',
    CLOSED_BY_SERVER,
    { ...after('CLOSED', 'TIME-WAIT'), damage: KERNEL_DAMAGED.damage },
    'not shown',
  ],
  [7, 'a server that closed first, by the table alone', CLOSED_BY_SERVER, WHOLE, 'not shown'],
  [7, 'a client that closed first', CLOSED, after('TIME-WAIT', 'CLOSED'), 'not shown'],
  [7, 'FINs that crossed', CROSSED, after('TIME-WAIT', 'TIME-WAIT'), 'not shown'],
  [
    8,
    'delays and retransmissions',
    FIN_AGAIN,
    WHOLE,
    'confirmed: 127.0.0.1:40000 → 127.0.0.1:7000; handshake 2.000 ms, FIN to its ACK 201.000 ms, 1 retransmissions',
  ],
  [8, 'no delay to measure', REFUSED, WHOLE, 'not shown'],
  [8, 'a damaged capture', CLOSED, DAMAGED, 'not shown'],
];

for (const [claim, what, lines, options, outcome] of CASES) {
  test(`claim ${claim}, ${what}: ${outcome.replace(/:.*/, '')}`, (t) => {
    t.is(outcomeOf(claim, lines, options), outcome);
  });
}

test('claims come in the order of their numbers, each once', (t) => {
  const timeline = timelineOf(HALF_CLOSED, after('TIME-WAIT', 'CLOSED'));
  const [connection] = timeline.connections;
  const claims =
    connection === undefined ? [] : examineClaims(timeline, connection).map(({ claim }) => claim);
  t.deepEqual(claims, [1, 3, 4, 5, 8]);
});

interface NumbersOptions extends RunOptions {
  /** @default 10 */
  readonly msApart?: number;
  /** @default false */
  readonly samePair?: boolean;
}

/** The outcome of claim 2 for connections whose clients began with these numbers. */
function outcomeOfNumbers(numbers: readonly number[], options: NumbersOptions = {}): string {
  const { msApart = 10, samePair = false, ...more } = options;
  const runs = numbers.map((initial, index) => {
    const client = samePair ? CLIENT : { ...CLIENT, port: CLIENT.port + index };
    return run(OPENING, {
      ...more,
      client,
      fromMs: msApart * index + 1,
      initial: { client: initial, server: 1 },
    });
  });
  const segments = runs.flatMap((one) => one.segments);
  const timeline = correlate({ ...run([], more), segments });
  const [connection] = timeline.connections;
  if (connection === undefined || timeline.connections.length !== numbers.length) {
    throw new TypeError(`${numbers.length} connections expected`);
  }
  return examineClaims(timeline, connection).find(({ claim }) => claim === 2)?.outcome ?? 'not shown';
}

/** Of six connections on Linux 6.18, from as many ports. */
const RANDOM = [2_709_829_826, 1_563_255_667, 592_509_632, 2_682_511_362, 2_841_032_685, 1_814_485_040];

test('claim 2, numbers that no clock or step explains: confirmed', (t) => {
  t.is(outcomeOfNumbers(RANDOM), 'confirmed');
});

test('claim 2, the same in a damaged capture: not shown', (t) => {
  t.is(outcomeOfNumbers(RANDOM, DAMAGED), 'not shown');
});

test('claim 2, any two numbers, or five: not shown', (t) => {
  t.is(outcomeOfNumbers(RANDOM.slice(0, 2)), 'not shown');
  t.is(outcomeOfNumbers(RANDOM.slice(0, 5)), 'not shown');
});

test('claim 2, numbers of a clock: refuted', (t) => {
  const every4Microseconds = RANDOM.map((_number, index) => (0xfffff000 + index * 2500) >>> 0);
  t.is(outcomeOfNumbers(every4Microseconds), 'refuted');
});

test('claim 2, numbers of a counter with a small step: refuted', (t) => {
  t.is(outcomeOfNumbers(RANDOM.map((_number, index) => 1000 + index * 64_000)), 'refuted');
});

test('claim 2, numbers of a counter with a large step: refuted', (t) => {
  t.is(outcomeOfNumbers(RANDOM.map((_number, index) => (7 + index * 1_234_567_890) >>> 0)), 'refuted');
});

test('claim 2, the same number each time: refuted', (t) => {
  t.is(outcomeOfNumbers(RANDOM.map(() => 42)), 'refuted');
});

test('claim 2, numbers of which one follows from the one before: not shown', (t) => {
  const [first = 0, second = 0, ...others] = RANDOM;
  t.is(outcomeOfNumbers([first, second, second + 500, ...others]), 'not shown');
});

test('claim 2, of twelve numbers one that follows by chance: confirmed; two: not shown', (t) => {
  const first = RANDOM[0] ?? 0;
  const others = [711_111_111, 3_222_222_222, 1_033_333_333, 4_144_444_444, 155_555_555];
  // However close: the small step of a counter is there by chance, too.
  const oneFollows = [first, first + 500, ...RANDOM.slice(1), ...others];
  for (const msApart of [1, 10]) t.is(outcomeOfNumbers(oneFollows, { msApart }), 'confirmed');
  t.is(
    outcomeOfNumbers([
      first,
      first + 500,
      first + 1_000_000_000,
      first + 1_000_000_500,
      ...RANDOM.slice(1),
      ...others,
    ]),
    'not shown',
  );
});

/** Twenty random numbers, but for some that come a little after the one before, and some steps that are as large. */
function numbersWith({ near = 0, even = 0 }: { readonly near?: number; readonly even?: number }): number[] {
  const numbers = Array.from({ length: 20 }, (_, index) => (711_111_111 * (index + 3) ** 2) % 2 ** 32);
  for (let each = 1; each <= near; each++) numbers[2 * each] = (numbers[2 * each - 1] ?? 0) + 500;
  for (let each = 21 - 2 * even; each < 20; each += 2) {
    numbers[each] = (2 * (numbers[each - 1] ?? 0) - (numbers[each - 2] ?? 0) + 2 ** 33) % 2 ** 32;
  }
  return numbers;
}

const SECOND_APART = { msApart: 1000 };

test('claim 2, of many numbers a second apart as many that follow as chance explains: confirmed; more: not shown', (t) => {
  t.is(outcomeOfNumbers(numbersWith({}), SECOND_APART), 'confirmed');
  t.is(outcomeOfNumbers(numbersWith({ near: 2 }), SECOND_APART), 'confirmed');
  t.is(outcomeOfNumbers(numbersWith({ near: 3 }), SECOND_APART), 'not shown');
});

test('claim 2, of many numbers a second apart as many even steps as chance explains: confirmed; more: not shown', (t) => {
  t.is(outcomeOfNumbers(numbersWith({ even: 3 }), SECOND_APART), 'confirmed');
  t.is(outcomeOfNumbers(numbersWith({ even: 4 }), SECOND_APART), 'not shown');
});

test('claim 2, so many connections far apart that chance explains dozens of steps: not shown', (t) => {
  const numbers = Array.from({ length: 1200 }, (_, index) => (711_111_111 * (index + 3) ** 2) % 2 ** 32);
  t.is(outcomeOfNumbers(numbers, { msApart: 4000 }), 'not shown');
});

test('claim 2, connections so far apart that a clock explains much by chance: not shown', (t) => {
  t.is(outcomeOfNumbers(RANDOM, { msApart: 10_000 }), 'not shown');
});

test('claim 2, a pair of endpoints used again counts once: not shown', (t) => {
  t.is(outcomeOfNumbers(RANDOM, { samePair: true }), 'not shown');
});
