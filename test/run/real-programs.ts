import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import { findProgram } from '../../harness/install-hint.ts';
import { requireCapability } from '../support/require.ts';
import { programPath, type WatchedRun, watchedRun } from '../support/watched-run.ts';

const NODE = process.execPath;

/** No other test listens there, so that a port that was free is so still when redis listens. */
const REDIS_ADDRESS = '127.0.0.3';

function hasAllLanes(t: ExecutionContext, { report }: WatchedRun): void {
  const { coverage, connections, damage } = report;
  t.deepEqual(damage, []);
  t.is(coverage.wire, connections);
  t.is(coverage.nodeTold, coverage.nodeSides);
}

test('an HTTP server under autocannon: kept and fresh connections, and the request that was hung up on', async (t) => {
  const run = await watchedRun(t, [NODE, programPath('http-under-load')]);
  if (run === undefined) return;
  t.is(run.exitCode, 0, run.stderr);
  t.true(run.stdout.startsWith('answered 1000 and '), run.stdout);
  t.true(run.stdout.endsWith('hung up: ECONNRESET'), run.stdout);
  hasAllLanes(t, run);
  const { connections } = run;
  t.true(connections.length > 11);
  const layers = connections.map(({ lives }) => lives.server?.layer);
  t.deepEqual([...new Set(layers)], ['http']);
  const hungUp = connections.at(-1);
  t.is(hungUp?.closedBy, 'server');
  const fin = hungUp?.ties.find(({ segment }) => segment.from === 'server' && (segment.flags & 1) !== 0);
  t.is(fin?.cause?.what, 'destroy()');
  t.true(fin?.cause?.site?.user?.file.endsWith('test/support/programs/http-under-load.ts'));
});

test('a WebSocket chat: who leaves in order, who vanishes, and whom the server ends', async (t) => {
  const run = await watchedRun(t, [NODE, programPath('websocket-chat')]);
  if (run === undefined) return;
  t.is(run.exitCode, 0, run.stderr);
  t.is(run.stdout, 'heard 25');
  hasAllLanes(t, run);
  t.is(run.connections.length, 5);
  const calls = run.connections.map(({ ties, closedBy }) => {
    return ties.find(({ segment }) => segment.from === closedBy && (segment.flags & 1) !== 0)?.cause;
  });
  t.is(calls.filter((cause) => cause?.what === 'destroy()').length, 1);
  t.true(calls.every((cause) => cause?.site?.dependency?.package === 'ws'));
});

test('a Redis client against a real server', async (t) => {
  const redis = findProgram('redis-server');
  const missing =
    redis === undefined ? 'redis-server is not installed (apt-get install redis-server)' : undefined;
  if (!requireCapability(t, 'redis', missing) || redis === undefined) return;
  const { port, stop } = await startRedis(redis);
  t.teardown(stop);
  const run = await watchedRun(t, [NODE, programPath('redis-client'), REDIS_ADDRESS, String(port)], {
    flags: [],
  });
  if (run === undefined) return;
  t.is(run.exitCode, 0, run.stderr);
  t.is(run.stdout, 'got 100');
  t.is(run.connections.length, 2, run.stderr);
  const damage = run.report.damage.filter(({ lane }) => lane !== 'wire');
  t.deepEqual(damage, []);
  if (run.report.coverage.wire === 0) {
    t.log('no right to capture here: JS only');
    return;
  }
  const [disconnected, quit] = [...run.connections].sort((a, b) => a.id - b.id);
  t.is(disconnected?.closedBy, 'client');
  t.is(quit?.closedBy, 'server');
  t.true(quit?.ties.every(({ segment, cause }) => (segment.from === 'client') === (cause !== undefined)));
});

async function startRedis(path: string): Promise<{ port: number; stop: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'finwait-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', REDIS_ADDRESS, '--save', '', '--dir', directory];
  const server = execa(path, args, { reject: false });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    server.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('Ready to accept connections')) resolve();
    });
    void server.then(() => {
      reject(new Error(`redis-server ended: ${said}`));
    });
  });
  const stop = async (): Promise<void> => {
    server.kill();
    await server;
    await rm(directory, { recursive: true });
  };
  return { port, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, REDIS_ADDRESS);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
