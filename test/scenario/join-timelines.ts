import test from 'ava';
import type { Timeline } from '../../harness/model/connection.ts';
import { joinTimelines } from '../../harness/scenario/join-timelines.ts';
import { CLOSING_BY_CLIENT, OPENING, timelineOf } from '../support/segment-script.ts';

const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];

function part(name: string, timeline: Timeline): { readonly name: string; readonly timeline: Timeline } {
  return { name, timeline };
}

test('a connection that used a port again, and so is in two recordings, is told once', (t) => {
  const first = timelineOf(CLOSED);
  const again = timelineOf(OPENING, { firstFrame: 8, fromMs: 100 });
  const both = { ...first, connections: [...first.connections, ...again.connections] };
  const { timeline, connections } = joinTimelines([part('main', both), part('again', again)]);
  t.deepEqual(
    timeline.connections.map(({ id, segments }) => [id, segments[0]?.segment.frame]),
    [
      [1, 1],
      [2, 8],
    ],
  );
  t.is(connections['main']?.id, 1);
  t.is(connections['again']?.id, 2);
});

test('a second connection that no other recording is about stays in the timeline, without a name', (t) => {
  const first = timelineOf(CLOSED);
  const second = timelineOf(OPENING, { firstFrame: 8, fromMs: 100 });
  const both = { ...first, connections: [...first.connections, ...second.connections] };
  const { timeline, connections } = joinTimelines([part('main', both)]);
  t.is(timeline.connections.length, 2);
  t.deepEqual(Object.keys(connections), ['main']);
});

test('damage that every connection tells of is told once', (t) => {
  const damage = [{ lane: 'wire', kind: 'capture-ended', detail: 'tcpdump ended' }] as const;
  const [one, other] = [timelineOf(OPENING, { damage }), timelineOf(OPENING, { damage, firstFrame: 4 })];
  const { timeline } = joinTimelines([part('main', one), part('other', other)]);
  t.is(timeline.evidence.damage.filter(({ detail }) => detail === 'tcpdump ended').length, 1);
});
