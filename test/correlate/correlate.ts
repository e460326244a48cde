import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import type { RunEvidence } from '../../harness/model/run-evidence.ts';
import {
  atNs,
  CLIENT,
  CLOSING_BY_CLIENT,
  EPOCH_NS,
  OPENING,
  run,
  type RunOptions,
  SERVER,
  timelineOf,
} from '../support/segment-script.ts';

const OTHER_CLIENT = { ...CLIENT, port: 40_001 };

/** Several conversations as one run. */
function together(...runs: readonly RunEvidence[]): RunEvidence {
  const [first] = runs;
  if (first === undefined) throw new TypeError('no run');
  return {
    ...first,
    segments: runs
      .flatMap(({ segments }) => segments)
      .sort((a, b) => Number(a.capturedAtNs - b.capturedAtNs)),
    snapshots: runs.flatMap(({ snapshots }) => snapshots),
    reports: runs.flatMap(({ reports }) => reports),
    holds: runs.flatMap(({ holds }) => holds),
  };
}

/** The names of each connection's reports. */
function reportsOf(evidence: RunEvidence): string[][] {
  return correlate(evidence).connections.map(({ js }) =>
    js.map(({ side, report }) => `${side} ${report.name}`),
  );
}

test('a run without a segment has no connection', (t) => {
  t.deepEqual(timelineOf([]).connections, []);
});

test('reports are put on the capture’s clock, in order of time', (t) => {
  const js: RunOptions['js'] = [
    [9, 'client', 'end()'],
    [3, 'server', 'connection'],
    [2.5, 'client', 'connect'],
  ];
  const [connection] = timelineOf(OPENING, { js }).connections;
  t.deepEqual(
    connection?.js.map(({ side, atNs: at, report }) => [side, at, report.name]),
    [
      ['client', atNs(2.5), 'connect'],
      ['server', atNs(3), 'connection'],
      ['client', atNs(9), 'end'],
    ],
  );
});

test('each connection of a server gets the reports of its own client', (t) => {
  const evidence = together(
    run(OPENING, { js: [[9, 'server', 'end()']] }),
    run(OPENING, { client: OTHER_CLIENT, fromMs: 1.5, js: [[9.5, 'server', 'destroy()']] }),
  );
  t.deepEqual(reportsOf(evidence), [['server end'], ['server destroy']]);
});

/** What the client's program reported before its socket had an address. */
function unbound(kind: 'call' | 'event', name: string, ms: number): RunEvidence['reports'][number] {
  return { side: 'client', report: { atNs: atNs(ms) - EPOCH_NS, kind, name } };
}

const REFUSED = ['client SYN', 'server RST,ACK seq 0'];
const TWICE_REFUSED = together(run(REFUSED), run(REFUSED, { client: OTHER_CLIENT, fromMs: 10 }));

test('a connect() that has no address yet belongs to the connection that it begins', (t) => {
  const reports = [unbound('call', 'connect', 0.9), unbound('call', 'connect', 9.9)];
  t.deepEqual(reportsOf({ ...TWICE_REFUSED, reports }), [['client connect'], ['client connect']]);
});

test('a connect() whose SYN was captured earlier, by the clock’s error, belongs to that SYN', (t) => {
  const reports = [unbound('call', 'connect', 1.001), unbound('call', 'connect', 10.001)];
  t.deepEqual(reportsOf({ ...TWICE_REFUSED, reports }), [['client connect'], ['client connect']]);
});

test('an event without an address belongs to the newest connection', (t) => {
  const reports = [
    unbound('event', 'lookup', 0.1),
    unbound('event', 'error', 3),
    unbound('event', 'close', 12),
  ];
  t.deepEqual(reportsOf({ ...TWICE_REFUSED, reports }), [
    ['client lookup', 'client error'],
    ['client close'],
  ]);
});

test('a report whose ends are of no connection is left out', (t) => {
  const elsewhere = { peer: { address: '10.0.0.9', port: 9 } };
  t.deepEqual(reportsOf(run(OPENING, { js: [[5, 'client', 'end()', elsewhere]] })), [[]]);
});

test('a report’s side is that of its end: the program that opened second is the server', (t) => {
  const swapped = { local: SERVER, peer: CLIENT };
  t.deepEqual(reportsOf(run(OPENING, { js: [[5, 'client', 'end()', swapped]] })), [['server end']]);
});

test('what a socket says when its ends are used again already is still of its own connection', (t) => {
  const of = (socket: string, name: string, ms: number): RunEvidence['reports'][number] => {
    const ends = { local: SERVER, peer: CLIENT };
    return { side: 'server', report: { atNs: atNs(ms) - EPOCH_NS, kind: 'event', name, ...ends }, socket };
  };
  const twice = together(
    run(OPENING),
    run(OPENING, { initial: { client: 70_000, server: 80_000 }, fromMs: 20 }),
  );
  const reports = [
    of('server 1/1', 'connection', 4),
    of('server 1/1', 'error', 22),
    of('server 1/2', 'connection', 24),
    of('server 1/1', 'close', 25),
  ];
  t.deepEqual(reportsOf({ ...twice, reports }), [
    ['server connection', 'server error', 'server close'],
    ['server connection'],
  ]);
});

test('a pair of endpoints used again shares neither states nor reports', (t) => {
  const evidence = together(
    run([...OPENING, ...CLOSING_BY_CLIENT], {
      ss: [[8, 'TIME-WAIT', 'CLOSED']],
      js: [[3.9, 'client', 'end()']],
    }),
    run(OPENING, {
      initial: { client: 70_000, server: 80_000 },
      fromMs: 20,
      ss: [[23, 'ESTABLISHED', 'ESTABLISHED']],
      js: [[24, 'client', 'write()']],
    }),
  );
  t.deepEqual(reportsOf(evidence), [['client end'], ['client write']]);
  t.deepEqual(
    correlate(evidence).connections.map(({ observedStates }) => observedStates.map(({ state }) => state)),
    [
      ['TIME-WAIT', 'CLOSED'],
      ['ESTABLISHED', 'ESTABLISHED'],
    ],
  );
});

test('a gate holds a segment only where it surely held before and after', (t) => {
  const evidence = run([...OPENING, 'client FIN,ACK', 'server ACK']);
  const finAtNs = atNs(4) - EPOCH_NS;
  const isDelivered = (fromNs: bigint, toNs: bigint | undefined): boolean | undefined => {
    const until = toNs === undefined ? {} : { toNs, releasedNs: toNs };
    const hold = { source: { port: CLIENT.port }, destination: {}, flags: 1, fromNs, ...until };
    return correlate({ ...evidence, holds: [hold] }).connections[0]?.segments[3]?.delivered;
  };
  t.false(isDelivered(finAtNs - 1000n, finAtNs + 1000n));
  t.false(isDelivered(finAtNs - 1000n, undefined), 'it still holds');
  t.true(isDelivered(finAtNs - 999n, undefined), 'the clock’s error is 1000 ns');
  t.true(isDelivered(finAtNs - 1000n, finAtNs + 999n));
});

test('a gate holds only what its filter names', (t) => {
  const evidence = run([...OPENING, 'client FIN,ACK']);
  const delivered = (hold: object): (boolean | undefined)[] => {
    const holds = [{ source: {}, destination: {}, flags: 0, fromNs: 0n, ...hold }];
    return (
      correlate({ ...evidence, holds }).connections[0]?.segments.map((segment) => segment.delivered) ?? []
    );
  };
  t.deepEqual(delivered({}), [false, false, false, false]);
  t.deepEqual(delivered({ flags: 0x12 }), [true, false, true, true]);
  t.deepEqual(delivered({ source: SERVER }), [true, false, true, true]);
  t.deepEqual(delivered({ destination: { address: SERVER.address, port: 9 } }), [true, true, true, true]);
});

test('without a fence nothing but segments is placed, and the evidence says so', (t) => {
  const evidence = run(OPENING, { ss: [[5, 'ESTABLISHED', 'ESTABLISHED']], js: [[6, 'client', 'end()']] });
  const { connections, evidence: quality } = correlate({ ...evidence, clockReadings: [] });
  t.deepEqual(connections[0]?.observedStates, []);
  t.deepEqual(connections[0]?.js, []);
  t.like(quality.damage, [{ lane: 'kernel', kind: 'lane-missing' }]);
  t.is(quality.clockErrorNs, undefined);
});

test('the evidence’s quality tells damage, the clock’s error and the largest gap between snapshots', (t) => {
  const damage = [{ lane: 'wire', kind: 'kernel-drops', detail: '3 packets' }] as const;
  const { evidence } = timelineOf(OPENING, {
    damage,
    clockErrorNs: 50n,
    ss: [
      [2, 'ESTABLISHED', 'ESTABLISHED'],
      [4, 'ESTABLISHED', 'ESTABLISHED'],
      [9, 'ESTABLISHED', 'ESTABLISHED'],
    ],
  });
  t.deepEqual(evidence, { damage, clockErrorNs: 50n, largestSamplingGapNs: 5_000_000n });
});
