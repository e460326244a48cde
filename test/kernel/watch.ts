import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import test from 'ava';
import { openSampler, type SocketSampler } from '../../harness/kernel/sampler.ts';
import { pauseMs, watchSnapshots, watchSockets } from '../../harness/kernel/watch.ts';
import type { StateTransition } from '../../harness/model/observation.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';
import { requireCapability } from '../support/require.ts';

async function samplerOrReason(): Promise<SocketSampler | string> {
  try {
    return await openSampler();
  } catch (error) {
    return String(error);
  }
}

test('a close is seen state by state at both ends', async (t) => {
  const sampler = await samplerOrReason();
  if (typeof sampler === 'string') {
    requireCapability(t, 'ss', sampler);
    return;
  }
  await using closing = sampler;
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const watched = watching(closing, port);
  // Requests are answered in order: when this one is, the watch has its baseline.
  await closing.sample();
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const clientPort = accepted.remotePort;
  await watched.until(
    ({ clientEnd, serverEnd }) => clientEnd === 'ESTABLISHED' && serverEnd === 'ESTABLISHED',
  );
  client.resume().end();
  await watched.until(({ clientEnd, serverEnd }) => clientEnd === 'FIN-WAIT-2' && serverEnd === 'CLOSE-WAIT');
  accepted.resume().end();
  await watched.until(({ clientEnd, serverEnd }) => clientEnd === 'TIME-WAIT' && serverEnd === 'CLOSED');
  server.close();
  const changes = await watched.stop();

  t.true(changes.every(({ earliestNs, latestNs }) => earliestNs < latestNs));
  // The port may have been another's before, whose TIME-WAIT ends meanwhile.
  const clientEnd = changes.filter(({ local }) => local.port === clientPort);
  t.is(new Set(clientEnd.map(({ cookie }) => cookie)).size, 1);
  t.is(clientEnd[0]?.from, 'CLOSED');
  for (const [index, { to }] of clientEnd.slice(0, -1).entries()) t.is(clientEnd[index + 1]?.from, to);
});

interface Ends {
  readonly clientEnd: TcpState;
  readonly serverEnd: TcpState;
}

/** Watches the one connection to a port, and lets a test wait for the states of its two ends. */
function watching(
  sampler: SocketSampler,
  port: number,
): { until(condition: (ends: Ends) => boolean): Promise<void>; stop(): Promise<readonly StateTransition[]> } {
  const ending = new AbortController();
  const seen: StateTransition[] = [];
  let ends: Ends = { clientEnd: 'CLOSED', serverEnd: 'CLOSED' };
  let recheck = (): void => undefined;
  const reading = (async () => {
    for await (const change of watchSockets({ sampler, filter: { ports: [port] }, signal: ending.signal })) {
      seen.push(change);
      if (change.peer.port !== 0)
        ends = { ...ends, [change.local.port === port ? 'serverEnd' : 'clientEnd']: change.to };
      recheck();
    }
  })();
  return {
    until: async (condition) => {
      await new Promise<void>((resolve) => {
        recheck = () => {
          if (condition(ends)) resolve();
        };
        recheck();
      });
    },
    stop: async () => {
      ending.abort();
      await reading;
      return seen;
    },
  };
}

test('after the signal one more snapshot is taken, then the watch ends without an error', async (t) => {
  const sampler = await samplerOrReason();
  if (typeof sampler === 'string') {
    requireCapability(t, 'ss', sampler);
    return;
  }
  await using closing = sampler;
  const ending = new AbortController();
  let snapshots = 0;
  for await (const { sockets } of watchSnapshots({ sampler: closing, signal: ending.signal })) {
    t.true(Array.isArray(sockets));
    snapshots += 1;
    ending.abort();
  }
  t.is(snapshots, 2);
});

test('slow samples make longer pauses, so that ss runs at most 40 % of the time', (t) => {
  const took = (ms: number): number => pauseMs({ startedAtNs: 0n, endedAtNs: BigInt(ms) * 1_000_000n }, 5);
  t.is(took(2), 5);
  t.is(Math.round(took(10)), 15);
  t.is(Math.round(took(400)), 600);
});
