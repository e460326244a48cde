import { channel, tracingChannel } from 'node:diagnostics_channel';
import net, { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import test from 'ava';
import {
  messages,
  NODE_EVENT_NAMES,
  publish,
  subscribe,
  subscribeTracing,
} from '../../harness/node/channels.ts';
import type { NodeEvents } from '../../harness/model/node-event.ts';
import '../../harness/node/register.cts';

type Close = NodeEvents['finwait:socket:close'];

const DRAIN = 'finwait:socket:drain';

function drainOf(socket: number): NodeEvents[typeof DRAIN] {
  return { atNs: 0n, pid: 0, threadId: 0, socket };
}

test.serial('a program’s sockets are seen on their channels as plain data', async (t) => {
  const seen: [string, object][] = [];
  const unsubscribe = subscribe([...NODE_EVENT_NAMES], (message, name) => seen.push([name, message]));
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  unsubscribe();
  const names = seen.map(([name]) => name.replace('finwait:', ''));
  for (const name of ['server:listen', 'socket:create', 'socket:accept', 'socket:close', 'server:close']) {
    t.true(names.includes(name), name);
  }
  for (const [, message] of seen) t.notThrows(() => structuredClone(message));
  const close = seen.find(([name]) => name === 'finwait:socket:close')?.[1] as Close | undefined;
  t.is(typeof close?.atNs, 'bigint');
  t.is(close?.pid, process.pid);
});

test.serial('after unsubscribing, even twice, nothing is told', (t) => {
  let count = 0;
  const subscription = subscribe(DRAIN, () => count++);
  t.true(publish(DRAIN, () => drainOf(1)));
  subscription();
  subscription[Symbol.dispose]();
  t.false(
    publish(DRAIN, () => {
      throw new Error('nobody listens');
    }),
  );
  t.is(count, 1);
});

test.serial(
  'messages wait for who iterates, up to the capacity; the oldest are dropped and counted',
  async (t) => {
    const queue = messages(DRAIN, { capacity: 2 });
    for (const socket of [1, 2, 3]) publish(DRAIN, () => drainOf(socket));
    t.is(queue.dropped, 1);
    const taken: number[] = [];
    for await (const { message } of queue) if (taken.push(message.socket) === 2) break;
    t.deepEqual(taken, [2, 3]);
    t.false(channel(DRAIN).hasSubscribers);
  },
);

test.serial('iteration ends by its signal, also for one who already waits', async (t) => {
  const stop = new AbortController();
  const queue = messages(DRAIN, { signal: stop.signal });
  const next = queue.next();
  stop.abort();
  t.deepEqual(await next, { done: true, value: undefined });
  t.false(channel(DRAIN).hasSubscribers);
});

test('an unknown option or an impossible capacity is a TypeError', (t) => {
  t.throws(() => messages(DRAIN, { capacty: 1 } as object), { instanceOf: TypeError, message: /capacty/ });
  t.throws(() => messages(DRAIN, { capacity: 0 }), { instanceOf: TypeError });
});

test('a traced promise is one call from start to settling, with its error', async (t) => {
  const calls: { message: object; error?: unknown; tookNs: bigint }[] = [];
  const subscription = subscribeTracing('finwait-test.job', ({ message, error, startedAtNs, endedAtNs }) => {
    calls.push({ message, error, tookNs: endedAtNs - startedAtNs });
  });
  const traced = tracingChannel('finwait-test.job');
  const context = { id: 1 };
  await traced.tracePromise(() => Promise.resolve(1), context);
  await t.throwsAsync(traced.tracePromise(() => Promise.reject(new Error('no')), { id: 2 }));
  subscription();
  t.is(calls.length, 2);
  t.is(calls[0]?.message, context);
  t.is(calls[0]?.error, undefined);
  t.is((calls[1]?.error as Error).message, 'no');
  t.true(calls.every(({ tookNs }) => tookNs >= 0n));
});

test('a traced synchronous call is over at its end', (t) => {
  const errors: unknown[] = [];
  const subscription = subscribeTracing('finwait-test.sync', ({ error }) => errors.push(error), {
    until: 'sync',
  });
  const traced = tracingChannel('finwait-test.sync');
  t.throws(() =>
    traced.traceSync(() => {
      throw new Error('at once');
    }, {}),
  );
  t.is(
    traced.traceSync(() => 5, {}),
    5,
  );
  subscription();
  t.deepEqual(
    errors.map((error) => (error as Error | undefined)?.message),
    ['at once', undefined],
  );
});

test('what throws before its asynchronous part is over at its end', (t) => {
  const errors: unknown[] = [];
  const subscription = subscribeTracing('finwait-test.throws', ({ error }) => errors.push(error));
  const traced = tracingChannel('finwait-test.throws');
  const fail = (_done?: () => void): never => {
    throw new Error('at once');
  };
  t.throws(() => void traced.tracePromise(fail, {}));
  t.throws(() => {
    traced.traceCallback(fail, 0, {}, undefined, () => undefined);
  });
  subscription();
  t.deepEqual(
    errors.map((error) => (error as Error).message),
    ['at once', 'at once'],
  );
});

test('Node’s own net.server.listen, whose events share only the server, becomes one call', async (t) => {
  const listened: object[] = [];
  const subscription = subscribeTracing('net.server.listen', ({ message }) => listened.push(message), {
    key: (message) => (message as { server: object }).server,
  });
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.close();
  subscription();
  t.is(listened.length, 1);
});
