import test from 'ava';
import { Engine } from '../../harness/correlate/engine.ts';
import { NEVER_NS } from '../../harness/correlate/lifecycle-end.ts';
import { Analysis } from '../../harness/correlate/wireshark-stream.ts';
import type { Segment } from '../../harness/model/segment.ts';
import { packet, type PacketFields } from '../support/packet.ts';
import { CLOSING_BY_CLIENT, OPENING, script } from '../support/segment-script.ts';
import { engineOn, type Finished, finishedOf, packetOf } from './_follow.ts';

const SERVER: PacketFields['to'] = [0x0a000001, 443];
const clientOn = (port: number): PacketFields['from'] => [0x0a000002, port];

/** An engine, and what it has finished so far. */
function start(maxOpen?: number): { engine: Engine; finished: Finished[] } {
  const finished: Finished[] = [];
  const engine = new Engine({
    ...(maxOpen !== undefined && { maxOpen }),
    onFinished: (record) => finished.push(finishedOf(record)),
  });
  return { engine, finished };
}

/** A whole connection in seven packets from `atMs` on. @returns its id */
function exchange(engine: Engine, port: number, atMs: number): number {
  const there = { from: clientOn(port), to: SERVER };
  const back = { from: SERVER, to: clientOn(port) };
  const steps: readonly PacketFields[] = [
    { ...there, flags: 'SYN', seq: 100 },
    { ...back, flags: 'SYN,ACK', seq: 500, ack: 101 },
    { ...there, seq: 101, ack: 501 },
    { ...there, flags: 'FIN,ACK', seq: 101, ack: 501 },
    { ...back, seq: 501, ack: 102 },
    { ...back, flags: 'FIN,ACK', seq: 501, ack: 102 },
    { ...there, seq: 102, ack: 502 },
  ];
  const ids = steps.map((step, index) => engine.see(packet({ ...step, atMs: atMs + index })));
  return ids.at(-1) ?? 0;
}

/** The same ports, used again with other initial numbers. */
const again = (lines: readonly string[]): Segment[] =>
  script(lines, { initial: { client: 70_000, server: 90_000 }, fromMs: 100, firstFrame: 100 });

const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];

test('connections are numbered in order of their first packets, whatever order they end in', (t) => {
  const { engine, finished } = start();
  for (const port of [1, 2, 3]) engine.see(packet({ from: clientOn(port), to: SERVER, flags: 'SYN' }));
  engine.see(packet({ from: SERVER, to: clientOn(2), flags: 'RST,ACK', ack: 1, atMs: 1 }));
  engine.see(packet({ from: clientOn(4), to: SERVER, flags: 'SYN', atMs: 9000 }));
  engine.end();
  t.deepEqual(
    finished.map(({ id }) => id),
    [2, 1, 3, 4],
  );
  t.is(engine.connections, 4);
  t.is(engine.packets, 5);
});

test('a SYN with another number starts a new connection on the same ports, at once', (t) => {
  const [first, second] = engineOn([...script(CLOSED), ...again(OPENING)]);
  t.like(first, { id: 1, packets: 7, lifecycle: { ending: 'closed' } });
  t.like(second, { id: 2, packets: 3, clientState: 'ESTABLISHED', lifecycle: { ending: 'open' } });
});

test('also inside a connection that never closed, and after a RST', (t) => {
  for (const before of [OPENING, [...OPENING, 'server RST,ACK']]) {
    const told = engineOn([...script(before), ...again(OPENING)]);
    t.deepEqual(
      told.map(({ packets }) => packets),
      [before.length, 3],
    );
  }
});

test('a SYN sent again, or from the other end, belongs to the connection', (t) => {
  const repeated = engineOn(script(['client SYN', 'client SYN seq 0 +1000 ms', 'server SYN,ACK']));
  t.deepEqual(
    repeated.map(({ packets }) => packets),
    [3],
  );
  const crossing = engineOn(
    script(['client SYN', 'server SYN', 'client SYN,ACK seq 0', 'server SYN,ACK seq 0']),
  );
  t.like(crossing[0], { packets: 4, lifecycle: { opening: 'simultaneous' } });
  t.is(crossing.length, 1);
});

test('the reused connection starts from nothing: no state, count or anomaly of the one before', (t) => {
  const [, second] = engineOn([
    ...script([...OPENING, 'client ACK ack 999', 'client FIN,ACK']),
    ...again([...OPENING, 'client RST,ACK']),
  ]);
  t.deepEqual(second?.anomalies, []);
  t.like(second?.lifecycle, { ending: 'reset', resetBy: 'client', firstCloser: undefined });
});

test('a closed connection waits five seconds of capture time for stragglers', (t) => {
  const straggler = { from: SERVER, to: clientOn(1), flags: 'FIN,ACK', seq: 501, ack: 102 };
  for (const [waitMs, ids] of [
    [4900, [1, 1]],
    [5100, [1, 2]],
  ] as const) {
    const { engine, finished } = start();
    const id = exchange(engine, 1, 0);
    t.deepEqual([id, engine.see(packet({ ...straggler, atMs: 6 + waitMs }))], [...ids]);
    engine.end();
    t.is(finished.length, ids[1]);
  }
});

test('each waits for itself: one that is over later, or that a straggler came to, is finished later', (t) => {
  const tick = (engine: Engine, atMs: number): void => {
    engine.see(packet({ from: clientOn(9), to: SERVER, flags: 'SYN', atMs }));
  };
  const straggler = { from: SERVER, to: clientOn(1), flags: 'FIN,ACK', seq: 501, ack: 102 };
  for (const isStraggling of [false, true]) {
    const { engine, finished } = start();
    exchange(engine, 1, 0);
    exchange(engine, 2, 3000);
    if (isStraggling) engine.see(packet({ ...straggler, atMs: 4000 }));
    const finishedBy = (atMs: number): number[] => {
      tick(engine, atMs);
      return finished.map(({ id }) => id);
    };
    t.deepEqual(finishedBy(5100), isStraggling ? [] : [1]);
    t.deepEqual(finishedBy(7900), isStraggling ? [] : [1]);
    t.deepEqual(finishedBy(9100), [1, 2]);
  }
});

test('segments behind a RST belong to the connection that it ended', (t) => {
  const [only, ...others] = engineOn(
    script([...OPENING, 'server RST,ACK', 'client ACK len 5', 'server RST']),
  );
  t.is(others.length, 0);
  t.like(only, { packets: 6, lifecycle: { ending: 'reset', resetBy: 'server' } });
});

test('no more than 4096 wait for stragglers, however fast the capture', (t) => {
  const { engine, finished } = start();
  for (let port = 1; port <= 5000; port++) exchange(engine, port, 0);
  t.is(finished.length, 5000 - 4096);
  t.true(finished.every(({ lifecycle }) => lifecycle.ending === 'closed'));
  engine.end();
  t.is(finished.length, 5000);
  t.is(engine.evicted, 0);
});

test('beyond maxOpen the oldest is finished as it stands, and counted', (t) => {
  const { engine, finished } = start(10);
  for (let port = 1; port <= 25; port++) {
    engine.see(packet({ from: clientOn(port), to: SERVER, flags: 'SYN', atMs: port }));
  }
  t.is(engine.evicted, 15);
  t.deepEqual(
    finished.map(({ id }) => id),
    Array.from({ length: 15 }, (_, index) => index + 1),
  );
  t.is(finished[0]?.lifecycle.ending, 'unanswered');
  engine.end();
  t.is(finished.length, 25);
});

test('maxOpen is a whole number from 1 to 4,000,000', (t) => {
  for (const maxOpen of [0, -1, 1.5, Number.NaN, 4_000_001, Number.POSITIVE_INFINITY]) {
    t.throws(() => start(maxOpen), { instanceOf: TypeError, message: /maxOpen/ }, String(maxOpen));
  }
});

test('a SYN with a wrong checksum reaches nobody: it begins no other connection on the same ports', (t) => {
  const segments = [
    ...script(OPENING),
    ...again(['client SYN']),
    ...script(['client ACK len 5 seq 1 ack 1']),
  ];
  for (const checksum of [0, 1]) {
    const { engine, finished } = start();
    for (const [at, segment] of segments.entries()) {
      const made = packetOf(segment);
      if (at === 3) made.checksum = checksum;
      engine.see(made);
    }
    engine.end();
    t.is(finished.length, checksum === 0 ? 1 : 2);
  }
});

test('a packet of a connection that was finished early starts another, midstream', (t) => {
  const { engine, finished } = start(1);
  for (const port of [1, 2]) engine.see(packet({ from: clientOn(port), to: SERVER, flags: 'SYN', seq: 7 }));
  engine.see(packet({ from: clientOn(1), to: SERVER, seq: 8, ack: 1 }));
  engine.end();
  t.deepEqual(
    finished.map(({ id, lifecycle }) => `${id} ${lifecycle.opening}`),
    ['1 unanswered', '2 unanswered', '3 midstream'],
  );
});

test('a capture that begins inside a connection: midstream, established until something says otherwise', (t) => {
  const [open] = engineOn(script(['client ACK len 5', 'server ACK']));
  t.like(open, { clientState: 'ESTABLISHED', serverState: 'ESTABLISHED', anomalies: [] });
  t.like(open?.lifecycle, { opening: 'midstream', ending: 'open', handshakeNs: NEVER_NS });
  const [reset] = engineOn(script(['server RST,ACK']));
  t.like(reset?.lifecycle, { opening: 'midstream', ending: 'reset', resetBy: 'server' });
});

test('IPv4 and IPv6 with the same words are different connections', (t) => {
  const { engine } = start();
  const ids = ([4, 6] as const).map((version) =>
    engine.see(packet({ from: clientOn(1), to: SERVER, flags: 'SYN', version })),
  );
  t.deepEqual(ids, [1, 2]);
});

test('a capture whose clock goes back loses no packet', (t) => {
  const { engine, finished } = start();
  exchange(engine, 1, 10_000);
  exchange(engine, 2, 0);
  engine.end();
  t.deepEqual(
    finished.map(({ packets }) => packets),
    [7, 7],
  );
});

test('a connection on ports that were used before is known as such, predicted or not', (t) => {
  for (const predict of [true, false]) {
    const reused: number[] = [];
    const engine = new Engine({
      predict,
      onFinished: ({ wireshark }) => reused.push(wireshark.count(0, Analysis.REUSED_PORTS)),
    });
    for (const segment of [...script(CLOSED), ...again(CLOSED)]) engine.see(packetOf(segment));
    engine.end();
    t.deepEqual(reused, [0, 1]);
  }
});

test('ports that are reused inside a connection are odd, however well it was predicted', (t) => {
  const anomalies: string[][] = [];
  const engine = new Engine({
    onFinished: (record) => {
      t.is(record.predicted === undefined, record.id === 1);
      anomalies.push(record.tracker.anomalies.map(({ what }) => what));
    },
  });
  for (const segment of [...script(OPENING), ...again(OPENING)]) engine.see(packetOf(segment));
  engine.end();
  t.deepEqual(anomalies, [['ports reused inside the connection'], []]);
});
