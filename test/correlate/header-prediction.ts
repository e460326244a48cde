import { deepStrictEqual } from 'node:assert';
import test from 'ava';
import fc from 'fast-check';
import { rowOf } from '../../harness/analyze/row-of.ts';
import { RowView } from '../../harness/analyze/row-view.ts';
import { Totals } from '../../harness/analyze/totals.ts';
import { zeekRowOf } from '../../harness/analyze/zeek-row-of.ts';
import { Engine } from '../../harness/correlate/engine.ts';
import { HeaderPrediction, Taken } from '../../harness/correlate/header-prediction.ts';
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

/** What becomes of each line's packet, one after the other. */
function takenOf(lines: readonly string[]): Taken[] {
  const prediction = new HeaderPrediction();
  const [first, ...others] = script(lines).map((segment) => {
    const packet = packetOf(segment);
    packet.atNs = segment.frame * 1e6;
    return { packet, side: segment.source.port === 7000 ? 1 : 0 };
  });
  const taken = first !== undefined && prediction.begin(0, first.packet, false) ? Taken.YES : Taken.NO;
  return [taken, ...others.map(({ packet, side }) => prediction.see(0, side, packet))];
}

const EXCHANGE = ['client ACK len 100', 'server ACK', 'server ACK len 5000', 'client ACK'];

test('an orderly connection is predicted to its last segment', (t) => {
  const lines = [...OPENING, ...EXCHANGE, ...EXCHANGE, ...CLOSING_BY_CLIENT];
  const taken = takenOf(lines);
  t.deepEqual(taken.slice(0, -1), new Array<Taken>(lines.length - 1).fill(Taken.YES));
  t.is(taken.at(-1), Taken.LAST);
});

test('so are data both ways at once, a half-close with data after it, and a close in three segments', (t) => {
  for (const lines of [
    ['client ACK len 10', 'server ACK len 20 ack 1', 'client ACK', 'server ACK'],
    ['server FIN,ACK', 'client ACK', 'client ACK len 7', 'server ACK', 'client FIN,ACK', 'server ACK'],
    ['client FIN,ACK len 3', 'server FIN,ACK', 'client ACK'],
  ]) {
    const taken = takenOf([...OPENING, ...lines]);
    t.false(taken.includes(Taken.NO), lines.join(', '));
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
    const taken = takenOf([...OPENING, ...lines]);
    t.is(taken.at(-1), Taken.NO);
    t.false(taken.slice(0, -1).includes(Taken.NO));
  });
}

test('a segment that fills the window, or closes its own, is for the analyzers', (t) => {
  const packets = script([...OPENING, 'client ACK len 1000']).map(packetOf);
  const [syn, synAck, ack, data] = packets as [Packet, Packet, Packet, Packet];
  synAck.window = 1000;
  const follow = (last: Packet): Taken => {
    const prediction = new HeaderPrediction();
    for (const packet of packets) packet.atNs = packet.frame * 1e6;
    prediction.begin(0, syn, false);
    prediction.see(0, 1, synAck);
    prediction.see(0, 0, ack);
    return prediction.see(0, 0, last);
  };
  t.is(follow(data), Taken.NO);
  data.payloadBytes = 999;
  t.is(follow(data), Taken.YES);
  data.window = 0;
  t.is(follow(data), Taken.NO);
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
