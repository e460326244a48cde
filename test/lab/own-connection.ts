import test from 'ava';
import { isOver } from '../../harness/lab/condition.ts';
import { Recording } from '../../harness/lab/recording.ts';
import type { Endpoint } from '../../harness/model/endpoint.ts';
import type { JsReport } from '../../harness/model/observation.ts';
import type { Segment } from '../../harness/model/segment.ts';
import { CLIENT, CLOSING_BY_CLIENT, OPENING, script, SERVER } from '../support/segment-script.ts';

const STRAY: Endpoint = { ...CLIENT, port: 40_002 };

function own(...lines: readonly string[]): readonly Segment[] {
  return script(lines);
}

function strays(...lines: readonly string[]): readonly Segment[] {
  return script(lines, { client: STRAY, initial: { client: 70_000, server: 90_000 } });
}

function followed(...segments: readonly Segment[]): Recording {
  const recording = new Recording(SERVER);
  recording.followConnection();
  add(recording, segments);
  return recording;
}

function add(recording: Recording, segments: readonly Segment[]): void {
  for (const segment of segments) recording.addSegment(segment);
}

function connected(local: Endpoint): JsReport {
  return { atNs: 1n, kind: 'event', name: 'connect', local, peer: SERVER };
}

test('before the client is told to connect nothing on the wire is its own', (t) => {
  const recording = new Recording(SERVER);
  add(recording, strays(...OPENING));
  t.deepEqual([recording.client, recording.segments], [undefined, []]);
});

test('late segments of the connection before belong to nobody, and their RST ends nothing', (t) => {
  const recording = followed(...strays('server PSH,ACK len 3', 'client RST'));
  t.false(isOver(recording));
  const segments = own(...OPENING);
  add(recording, segments);
  add(recording, strays('client RST'));
  t.deepEqual(recording.segments, segments);
  t.deepEqual(recording.client, CLIENT);
  t.false(isOver(recording));
});

test('the first SYN is the client’s own until its socket tells another end', (t) => {
  const recording = followed(...strays(...OPENING));
  t.deepEqual(recording.client, STRAY);
  recording.addReport('client', connected(CLIENT));
  t.deepEqual([recording.client, recording.segments], [CLIENT, []]);
  const segments = own(...OPENING, ...CLOSING_BY_CLIENT);
  add(recording, segments);
  t.deepEqual(recording.segments, segments);
  t.true(isOver(recording));
});

test('segments that were seen before the socket told its end are kept', (t) => {
  const segments = own(...OPENING);
  const recording = followed(...strays(...OPENING), ...segments);
  recording.addReport('client', connected(CLIENT));
  t.deepEqual(recording.segments, segments);
  t.deepEqual(recording.evidence({ clockReadings: [], holds: [], settings: [] }).client, CLIENT);
});

test('the same two ends used again begin at the new SYN, unless that was sent again', (t) => {
  const stale = script(['server FIN,ACK', 'client RST'], { initial: { client: 5, server: 6 } });
  const segments = own('client SYN', 'client SYN seq 0', 'server SYN,ACK', 'client ACK');
  t.deepEqual(followed(...stale, ...segments).segments, segments);
});

test('a simultaneous open begins with whichever SYN came first', (t) => {
  const segments = own('server SYN', 'client SYN', 'server SYN,ACK seq 0', 'client SYN,ACK seq 0');
  const recording = followed(...segments);
  t.deepEqual([recording.client, recording.segments], [CLIENT, segments]);
});

test('a refused client, which never tells its end, is the one that a SYN was seen of', (t) => {
  const recording = followed(...strays('server ACK'), ...own('client SYN', 'server RST,ACK'));
  t.true(isOver(recording));
  t.like(recording.evidence({ clockReadings: [], holds: [], settings: [] }), { client: CLIENT, damage: [] });
});

test('of two refused clients neither is taken for the own one, and the evidence says so', (t) => {
  const recording = followed(
    ...own('client SYN', 'server RST,ACK'),
    ...strays('client SYN', 'server RST,ACK'),
  );
  const { client, segments, damage } = recording.evidence({ clockReadings: [], holds: [], settings: [] });
  t.deepEqual([client, segments], [undefined, []]);
  t.like(damage, [{ lane: 'node', kind: 'reports-lost' }]);
  t.regex(damage[0]?.detail ?? '', /127\.0\.0\.1:40000, 127\.0\.0\.1:40002/);
  recording.addReport('client', connected(CLIENT));
  t.deepEqual(recording.evidence({ clockReadings: [], holds: [], settings: [] }).damage, []);
});

test('a socket that is not bound yet has not told its end', (t) => {
  const recording = followed();
  recording.addReport('client', connected({ address: '0.0.0.0', port: 0 }));
  t.is(recording.client, undefined);
});

test('what the server’s program reports of another client is left out', (t) => {
  const recording = followed();
  recording.addReport('client', connected(CLIENT));
  for (const peer of [STRAY, CLIENT]) {
    recording.addReport('server', { atNs: 2n, kind: 'event', name: 'end', local: SERVER, peer });
  }
  t.deepEqual(
    recording.reports.map(({ report }) => report.peer),
    [SERVER, CLIENT],
  );
});
