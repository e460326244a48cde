import test from 'ava';
import { PacketQueue } from '../../captures/packet-queue.ts';

function queueOf(limit: number, items: readonly number[]): PacketQueue<number> {
  const queue = new PacketQueue<number>(limit, () => undefined);
  for (const item of items) queue.push(item);
  return queue;
}

test('gives what was pushed before and while it is read, then the end', async (t) => {
  const queue = queueOf(10, [1, 2]);
  const seen: number[] = [];
  for await (const item of queue) {
    seen.push(item);
    if (item === 2)
      queueMicrotask(() => {
        queue.push(3);
        queue.end();
      });
  }
  t.deepEqual(seen, [1, 2, 3]);
  t.is(queue.dropped, 0);
});

test('what exceeds the limit is dropped and counted, and reading makes room again', async (t) => {
  const queue = queueOf(2, [1, 2, 3, 4]);
  t.is(queue.dropped, 2);
  t.deepEqual(await queue.next(), { done: false, value: 1 });
  queue.push(5);
  queue.push(6);
  t.is(queue.dropped, 3);
  queue.end();
  const rest: number[] = [];
  for await (const item of queue) rest.push(item);
  t.deepEqual(rest, [2, 5]);
});

test('an error comes after what was queued', async (t) => {
  const queue = queueOf(10, [1]);
  queue.end(new Error('tcpdump ended'));
  t.deepEqual(await queue.next(), { done: false, value: 1 });
  await t.throwsAsync(queue.next(), { message: 'tcpdump ended' });
});

test('a reader that leaves its loop unsubscribes', async (t) => {
  let abandoned = 0;
  const queue = new PacketQueue<number>(10, () => {
    abandoned += 1;
  });
  queue.push(1);
  for await (const item of queue) {
    t.is(item, 1);
    break;
  }
  t.is(abandoned, 1);
});
