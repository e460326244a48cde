import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { handshake } from '../../harness/expect/expectation.ts';
import { judge } from '../../harness/expect/judge.ts';
import type { CountedSegments, Hold } from '../../harness/model/observation.ts';
import type { Segment } from '../../harness/model/segment.ts';
import type { Timeline } from '../../harness/model/connection.ts';
import { EPOCH_NS, OPENING, run } from '../support/segment-script.ts';

const LINES = [...OPENING, 'client PSH,ACK len 3', 'server ACK', 'client PSH,ACK len 5', 'server ACK'];

/** Both data segments match a gate that was asked for 0.2 ms before it held. */
function timelineWith(
  counted: Partial<CountedSegments>,
  fromNs: (data: readonly Segment[]) => bigint,
): Timeline {
  const evidence = run(LINES);
  const matching = evidence.segments.filter(({ payloadBytes }) => payloadBytes > 0);
  const held = fromNs(matching);
  const hold: Hold = {
    source: {},
    destination: {},
    flags: 0x08,
    counted: { nth: [1], matching, ...counted },
    askedNs: held - 200_000n,
    fromNs: held,
  };
  return correlate({ ...evidence, holds: [hold] });
}

const before = ([first]: readonly Segment[]): bigint => (first?.capturedAtNs ?? 0n) - EPOCH_NS - 500_000n;
const during = ([first]: readonly Segment[]): bigint => (first?.capturedAtNs ?? 0n) - EPOCH_NS + 100_000n;

function deliveredOf({ connections }: Timeline): readonly boolean[] {
  const data = connections[0]?.segments.filter(({ segment }) => segment.payloadBytes > 0) ?? [];
  return data.map(({ delivered }) => delivered);
}

test('whose turn it was is lost, and no other', (t) => {
  t.deepEqual(deliveredOf(timelineWith({ nth: [2] }, before)), [true, false]);
  t.deepEqual(deliveredOf(timelineWith({ nth: [1], outOf: 1 }, before)), [false, false]);
});

test('segments of other connections have had their turn', (t) => {
  const { segments } = run(LINES);
  const [first] = segments.filter(({ payloadBytes }) => payloadBytes > 0);
  const theirs = { frame: 99, capturedAtNs: (first?.capturedAtNs ?? 0n) - 1n };
  const matching = [theirs, ...segments.filter(({ payloadBytes }) => payloadBytes > 0)];
  t.deepEqual(deliveredOf(timelineWith({ nth: [2], matching }, before)), [false, true]);
});

test('one that came while the gate was being set leaves all of them undetermined', (t) => {
  const timeline = timelineWith({}, during);
  t.like(timeline.evidence.damage, { 0: { lane: 'wire', kind: 'fault-uncertain' }, length: 1 });
  t.is(judge(timeline, timeline.connections[0], handshake()).status, 'undetermined');
  t.deepEqual(timelineWith({}, before).evidence.damage, []);
});
