import { deepStrictEqual } from 'node:assert';
import test from 'ava';
import fc from 'fast-check';
import { rowOf } from '../../harness/analyze/row-of.ts';
import { RowView } from '../../harness/analyze/row-view.ts';
import { Totals } from '../../harness/analyze/totals.ts';
import { zeekRowOf } from '../../harness/analyze/zeek-row-of.ts';
import { MAX_INITIAL_WINDOW, MAX_UNACKNOWLEDGED } from '../../harness/prediction/limits.ts';
import * as Taken from '../../harness/prediction/taken.ts';
import { Connections } from '../../harness/correlate/connections.ts';
import { Engine } from '../../harness/correlate/engine.ts';
import type { AnalysisTotals } from '../../harness/model/analysis-totals.ts';
import type { Packet } from '../../harness/model/packet.ts';
import { CLOSING_BY_CLIENT, OPENING, script } from '../support/segment-script.ts';
import { packetOf } from './_follow.ts';
import { ACTIONS, conversation, type Setting, type Turn } from './_header-prediction-conversation.ts';

/** Everything that the engine tells of packets, connection by connection. */
function toldOf(packets: readonly Packet[], predict: boolean, maxOpen = 1000): unknown[] {
  const told: unknown[] = [];
  const engine = new Engine({
    predict,
    maxOpen,
    onFinished: (record, by) => {
      const { figures, wireshark } = record;
      told.push([rowOf(new RowView(record, by, false)), zeekRowOf(record, by, 'run')]);
      told.push([figures.figures(0, wireshark), figures.figures(1, wireshark)]);
    },
  });
  const ids = packets.map((packet) => engine.see(packet));
  engine.end();
  return [ids, ...told];
}

/** What finished connections add up to, where nobody asks for a row. */
function totalsOf(packets: readonly Packet[], predict: boolean, maxOpen = 1000): AnalysisTotals {
  const totals = new Totals();
  const engine = new Engine({
    predict,
    maxOpen,
    onFinished: (record) => {
      totals.add(record);
    },
  });
  for (const packet of packets) engine.see(packet);
  engine.end();
  return totals.result(engine.baseSeconds);
}

/** What becomes of packets, one after the other. */
function takenOf(packets: readonly Packet[]): number[] {
  const connections = new Connections({ maxOpen: 1, predict: true });
  return packets.map((packet) => {
    connections.show(packet);
    return connections.code.see();
  });
}

const packetsOf = (lines: readonly string[]): Packet[] => script(lines).map(packetOf);

const EXCHANGE = ['client ACK len 100', 'server ACK', 'server ACK len 5000', 'client ACK'];

test('an orderly connection is predicted to its last segment', (t) => {
  const lines = [...OPENING, ...EXCHANGE, ...EXCHANGE, ...CLOSING_BY_CLIENT];
  t.deepEqual(takenOf(packetsOf(lines)), new Array<number>(lines.length).fill(Taken.YES));
});

test('so are data both ways at once, a half-close with data after it, and a close in three segments', (t) => {
  for (const lines of [
    ['client ACK len 10', 'server ACK len 20 ack 1', 'client ACK', 'server ACK'],
    ['server FIN,ACK', 'client ACK', 'client ACK len 7', 'server ACK', 'client FIN,ACK', 'server ACK'],
    ['client FIN,ACK len 3', 'server FIN,ACK', 'client ACK'],
  ]) {
    const taken = takenOf(packetsOf([...OPENING, ...lines]));
    t.false(taken.includes(Taken.NO), lines.join(', '));
  }
});

test('many round trips: predicted to the last, and told as the analyzers tell them', (t) => {
  // Four are more than lie with a connection, 300 more than are kept of it.
  for (const exchanges of [2, 4, 300]) {
    const lines = Array.from({ length: exchanges }, (_, at) => [
      'client ACK len 10',
      `server ACK len 20 +${(at * 7) % 13} ms`,
    ]);
    const packets = packetsOf([...OPENING, ...lines.flat(), 'client ACK', ...CLOSING_BY_CLIENT]);
    t.false(takenOf(packets).includes(Taken.NO));
    t.deepEqual(toldOf(packets, true), toldOf(packets, false));
    // And where the analyzers take over at the end.
    const broken = [...packets.slice(0, -3), ...packetsOf(['client RST']), ...packets.slice(-3)];
    t.deepEqual(toldOf(broken, true), toldOf(broken, false));
  }
});

const UNEXPECTED: Readonly<Record<string, readonly string[]>> = {
  'a retransmission': [...EXCHANGE, 'client ACK len 100 seq 1'],
  'a gap': ['client ACK len 100 seq 500'],
  'a duplicate ACK': [...EXCHANGE, 'client ACK'],
  'an ACK of octets never sent': ['client ACK ack 400'],
  'a RST': ['server RST,ACK'],
  'a SYN': ['client SYN seq 0'],
  'crossing FINs': ['client FIN,ACK', 'server FIN,ACK ack 1'],
  'a segment after the close': [...CLOSING_BY_CLIENT, 'client ACK'],
  'more than an initial window without an answer': ['client ACK len 16000', 'client ACK len 1000'],
};

for (const [what, lines] of Object.entries(UNEXPECTED)) {
  test(`${what} is for the analyzers`, (t) => {
    const taken = takenOf(packetsOf([...OPENING, ...lines]));
    t.is(taken.at(-1), Taken.NO);
    t.false(taken.slice(0, -1).includes(Taken.NO));
  });
}

test('a segment that fills the window, or closes its own, is for the analyzers', (t) => {
  const packets = packetsOf([...OPENING, 'client ACK len 1000']);
  const [, synAck, , data] = packets as [Packet, Packet, Packet, Packet];
  synAck.window = 1000;
  t.is(takenOf(packets).at(-1), Taken.NO);
  data.payloadBytes = 999;
  t.is(takenOf(packets).at(-1), Taken.YES);
  data.window = 0;
  t.is(takenOf(packets).at(-1), Taken.NO);
});

test('a window is scaled by 14 at most', (t) => {
  for (const [from, to] of [
    ['client', 'server'],
    ['server', 'client'],
  ] as const) {
    const lines = [`${from} ACK len 10`, `${to} ACK`, `${from} ACK len 16384`];
    const packets = packetsOf([...OPENING, ...lines]);
    const [syn, synAck, , , ack] = packets as [Packet, Packet, Packet, Packet, Packet];
    syn.windowScale = 15;
    synAck.windowScale = 15;
    ack.window = 1;
    t.is(takenOf(packets).at(-1), Taken.NO);
    ack.window = 2;
    t.is(takenOf(packets).at(-1), Taken.YES);
  }
});

test('so much without an answer is for the analyzers, to the octet', (t) => {
  const last = (...lines: readonly string[]): number | undefined =>
    takenOf(packetsOf([...OPENING, ...lines])).at(-1);
  t.is(last(`client ACK len ${MAX_INITIAL_WINDOW}`), Taken.YES);
  t.is(last(`client ACK len ${MAX_INITIAL_WINDOW + 1}`), Taken.NO);
  const answered = ['client ACK len 10', 'server ACK'];
  t.is(last(...answered, `client ACK len ${MAX_UNACKNOWLEDGED / 2}`), Taken.YES);
  t.is(last(...answered, `client ACK len ${MAX_UNACKNOWLEDGED / 2 + 1}`), Taken.NO);
});

test('more payload than the difference of two sequence numbers can tell is for the analyzers', (t) => {
  for (const payloadBytes of [0x7fff_fc00, 0x7fff_fff0, 0x8000_0000, 0xffff_0000]) {
    // It acknowledges something new, besides.
    const lines = ['client ACK len 1000', 'server ACK len 5 ack 1', 'client ACK len 1', 'server ACK'];
    const packets = packetsOf([...OPENING, ...lines]);
    const huge = packets[5] as Packet;
    huge.payloadBytes = payloadBytes;
    huge.ipLengthIsZero = 1;
    t.is(takenOf(packets)[5], Taken.NO);
    t.deepEqual(toldOf(packets, true), toldOf(packets, false));
  }
});

test('a SYN at the epoch is for the analyzers: to those that follow Wireshark 0 is no time', (t) => {
  const [syn] = packetsOf(OPENING) as [Packet];
  syn.seconds = 0;
  syn.nanoseconds = 0;
  t.deepEqual(takenOf([syn]), [Taken.NO]);
  syn.nanoseconds = 1;
  t.deepEqual(takenOf([syn]), [Taken.YES]);
});

test('a handshake that takes no time is for the analyzers: Wireshark would go on to look for one', (t) => {
  const packets = packetsOf(OPENING) as [Packet, Packet, Packet];
  const [syn, , ack] = packets;
  ack.nanoseconds = syn.nanoseconds;
  t.deepEqual(takenOf(packets), [Taken.YES, Taken.YES, Taken.NO]);
});

test('so is what makes a next sequence number 0, which is "none yet" to them', (t) => {
  const from = (initial: { client: number; server: number }): number[] =>
    takenOf(script([...OPENING, 'client ACK len 100'], { initial }).map(packetOf));
  const last = 2 ** 32 - 1;
  t.deepEqual(from({ client: last, server: 5 }).slice(0, 1), [Taken.NO]);
  t.deepEqual(from({ client: 5, server: last }).slice(0, 2), [Taken.YES, Taken.NO]);
  t.deepEqual(from({ client: last - 100, server: 5 }), [Taken.YES, Taken.YES, Taken.YES, Taken.NO]);
  t.deepEqual(from({ client: last - 101, server: last - 1 }), new Array<number>(4).fill(Taken.YES));
});

const scale = fc.constantFrom(-1, 0, 7, 14, 15);
const turn: fc.Arbitrary<Turn> = fc.record({
  port: fc.integer({ min: 1, max: 3 }),
  side: fc.constantFrom<0 | 1>(0, 1),
  action: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('data', 'ack', 'fin', 'open') },
    { weight: 1, arbitrary: fc.constantFrom('scale on no syn', 'full window') },
    { weight: 1, arbitrary: fc.constantFrom(...ACTIONS) },
  ),
  bytes: fc.constantFrom(1, 2, 100, 1460, 9000, 70_000),
  stepNs: fc.constantFrom(-1_000_000, -1, 0, 1000, 1_000_000, 40_000_000, 2_000_000_000, 6_000_000_000),
  scales: fc.oneof({ weight: 4, arbitrary: fc.constant([7, 7] as const) }, fc.tuple(scale, scale)),
  staleAcknowledgment: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    fc.constantFrom(0, -1, 1, 1000),
  ),
  iss: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.constantFrom(0, -1, -2, -1000)),
});
const setting: fc.Arbitrary<Setting> = fc.record({
  ipVersion: fc.constantFrom<4 | 6>(4, 6),
  startSeconds: fc.constantFrom(1_700_000_000, 0, 1, 0xffff_ffff),
});

test('whatever comes, with and without prediction the engine tells the same', (t) => {
  fc.assert(
    fc.property(
      fc.array(turn, { maxLength: 120, size: 'max' }),
      fc.constantFrom(1, 2, 1000),
      setting,
      (turns, maxOpen, where) => {
        const packets = conversation(turns, where);
        // Told apart by fast-check, which finds the shortest such conversation first.
        deepStrictEqual(toldOf(packets, true, maxOpen), toldOf(packets, false, maxOpen));
        deepStrictEqual(totalsOf(packets, true, maxOpen), totalsOf(packets, false, maxOpen));
      },
    ),
    { numRuns: 1000 },
  );
  t.pass();
});

test('TIME-WAIT in the totals: held from the other end’s FIN on, whether its last ACK is there or not', (t) => {
  const lines = [...OPENING, 'client FIN,ACK', 'server FIN,ACK', 'client ACK'];
  for (const [length, expected] of [
    [lines.length, 1],
    [lines.length - 1, 1],
    [lines.length - 2, 0],
  ] as const) {
    const packets = script(lines.slice(0, length)).map(packetOf);
    for (const predict of [true, false]) {
      t.deepEqual(
        totalsOf(packets, predict).timeWait,
        { client: expected, server: 0 },
        `${length} ${String(predict)}`,
      );
    }
  }
});

test('a clock that goes back: a handshake of -1 ns is one, and no span is negative', (t) => {
  const packets = script(OPENING).map(packetOf);
  const times = [500, 600, 499] as const;
  for (const [at, packet] of packets.entries()) packet.nanoseconds = times[at] ?? 0;
  for (const predict of [true, false]) {
    const handshakes: unknown[] = [];
    const engine = new Engine({
      predict,
      onFinished: (record, by) => handshakes.push(rowOf(new RowView(record, by, false)).handshakeNs),
    });
    for (const packet of packets) engine.see(packet);
    engine.end();
    t.deepEqual(handshakes, [-1]);
    const { handshakes: spread, spanNs } = totalsOf(packets, predict);
    t.deepEqual({ spread, spanNs }, { spread: { count: 1, minNs: -1, medianNs: -1, maxNs: -1 }, spanNs: 0 });
  }
});
