import { readlinkSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import { CLOCK, CLIENT, SERVER, wireMs } from '../correlate/_life.ts';
import type { Endpoint } from '../../harness/model/endpoint.ts';
import { TraceHistory } from '../../harness/run/trace-history.ts';
import { eventually } from '../support/eventually.ts';
import { requireCapability } from '../support/require.ts';
import { startProgram } from '../support/running-program.ts';
import { temporaryDirectory, toldAgain } from '../support/watched-run.ts';

/** Runs a command where tracefs is mounted, though it be so nowhere else on this machine. */
const TRACED = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  '[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"',
  'traced',
] as const;

async function inTracefs(command: readonly string[]) {
  const [file, ...args] = [...TRACED, ...command];
  return await execa(file, args, { reject: false });
}

async function isGranted(t: ExecutionContext): Promise<boolean> {
  const { stdout, stderr } = await inTracefs(['cat', '/sys/kernel/tracing/events/tcp/tcp_send_reset/format']);
  const missing = stdout.includes(' reason;')
    ? undefined
    : `no root with tracefs and reasons of RSTs: ${stderr || 'the tracepoint has no reason'}`;
  return requireCapability(t, 'tracefs', missing);
}

async function instances(): Promise<string[]> {
  return (await inTracefs(['ls', '/sys/kernel/tracing/instances'])).stdout.split('\n');
}

const RESETS = `
  const net = require('node:net');
  const server = net.createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1', () => console.log('ready'));
    client.on('error', () => server.close());
    client.write('x');
  });`;

test('each transition of both ends, and why the kernel sent the RST; the instance goes with the run', async (t) => {
  if (!(await isGranted(t))) return;
  const { directory, finwait } = await startProgram(t, RESETS, { before: TRACED });
  const { stderr } = await finwait;
  const { connections, report } = await toldAgain(directory);
  const [connection] = connections;
  const of = (wanted: 'client' | 'server') =>
    connection?.transitions?.filter(({ side }) => side === wanted).map(({ from, to }) => `${from} > ${to}`);
  t.deepEqual(of('server'), ['LISTEN > SYN-RECEIVED', 'SYN-RECEIVED > ESTABLISHED', 'ESTABLISHED > CLOSED']);
  t.deepEqual(of('client'), ['SYN-SENT > ESTABLISHED', 'ESTABLISHED > CLOSED']);
  t.is(report.coverage.transitions, 1);
  t.true(stderr.includes('transitions of all 1'), stderr);
  if (report.coverage.wire === 1) {
    const reasons = connection?.ties.map(({ kernelReason }) => kernelReason).filter(Boolean);
    t.deepEqual(reasons, ['TCP_STATE']);
    t.regex(stderr, /resetAndDestroy\(\)[^]*\(kernel:\s+TCP_STATE\)/);
  }
  t.is((await stat(join(directory, 'trace.txt'))).mode & 0o777, 0o600);
  t.false((await instances()).some((name) => name.startsWith(`finwait-${finwait.pid ?? ''}-`)));
});

test('a finwait that is killed leaves no tracing behind', async (t) => {
  if (!(await isGranted(t))) return;
  const { ready, finwait } = await startProgram(t, undefined, { before: TRACED });
  const own = `finwait-${finwait.pid ?? ''}-`;
  t.true((await instances()).some((name) => name.startsWith(own)));
  finwait.kill('SIGKILL');
  const seen = await eventually('the instance gone', async () => {
    const now = await instances();
    return now.some((name) => name.startsWith(own)) ? undefined : now;
  });
  t.false(seen.some((name) => name.startsWith(own)));
  process.kill(Number(ready.split(' ')[1]), 'SIGINT');
  await finwait;
});

test('a tracefs that takes no orders is as none', async (t) => {
  const mount = 'mount -t tmpfs none /sys/kernel/tracing && mkdir /sys/kernel/tracing/instances && exec "$@"';
  const inMounts = ['--mount', 'sh', '-c', mount, 'untraced'];
  const { exitCode, stderr } = await execa('unshare', [...inMounts, 'true'], { reject: false });
  if (!requireCapability(t, 'mounts', exitCode === 0 ? undefined : `no mount of its own: ${stderr}`)) return;
  const { directory, finwait } = await startProgram(t, RESETS, { before: ['unshare', ...inMounts] });
  t.false((await finwait).stderr.includes('transitions of'));
  t.is((await toldAgain(directory)).report.coverage.transitions, undefined);
  await t.throwsAsync(stat(join(directory, 'trace.txt')), { code: 'ENOENT' });
});

test('an instance of a finwait that is dead goes when the next begins', async (t) => {
  if (!(await isGranted(t))) return;
  // No process has that number: the most that Linux gives is 2^22.
  const namespace = readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '');
  const [stale, old, young] = [
    `finwait-4194305-1-${namespace}`,
    'finwait-4194305-1-1',
    'finwait-4194305-1-2',
  ];
  const folders = [stale, old, young].map((name) => `/sys/kernel/tracing/instances/${name}`);
  await inTracefs(['mkdir', ...folders]);
  t.teardown(async () => inTracefs(['rmdir', ...folders]));
  await inTracefs(['touch', '--date', '1 hour ago', `/sys/kernel/tracing/instances/${old}`]);
  const { finwait } = await startProgram(t, RESETS, { before: TRACED });
  await finwait;
  const left = (await instances()).filter((name) => name.startsWith('finwait-4194305-'));
  // Whether a process of another namespace lives nobody can see: it may be about to read what it has just made.
  t.deepEqual(left, [young]);
});

/** As the kernel prints it, ms after the clocks' zero. */
function line(ms: number, [local, peer]: readonly [Endpoint, Endpoint], states: string): string {
  const [from = '', to = ''] = states.split(' ');
  const ends = `sport=${local.port} dport=${peer.port} saddr=${local.address} daddr=${peer.address}`;
  const text = `family=AF_INET protocol=IPPROTO_TCP ${ends} oldstate=TCP_${from} newstate=TCP_${to}`;
  return ` node-1 [000] ..... 0.${String(ms * 1000).padStart(6, '0')}: inet_sock_set_state: ${text}\n`;
}

async function tracedOf(t: ExecutionContext, text: string, fromMs: number, toMs: number) {
  const path = join(await temporaryDirectory(t), 'trace.txt');
  await writeFile(path, text);
  const history = await TraceHistory.read(path);
  const ends = { client: CLIENT, server: SERVER, startNs: wireMs(fromMs), endNs: wireMs(toMs), isOver: true };
  return history?.tracedOf(ends, CLOCK).transitions.map(({ side, to }) => `${side} ${to}`);
}

test('two connections of the same ends have each their own transitions, a refusal told after its RST too', async (t) => {
  const ends = [CLIENT, SERVER] as const;
  const text =
    line(1, ends, 'SYN_SENT ESTABLISHED') +
    line(2, ends, 'ESTABLISHED CLOSE') +
    line(12, ends, 'SYN_SENT CLOSE');
  t.deepEqual(await tracedOf(t, text, 0, 2), ['client ESTABLISHED', 'client CLOSED']);
  t.deepEqual(await tracedOf(t, text, 10, 11), ['client CLOSED']);
});

test('a state that is told anew when the program lets go of the socket is no transition', async (t) => {
  const ends = [CLIENT, SERVER] as const;
  const text =
    line(1, ends, 'SYN_SENT ESTABLISHED') +
    line(2, ends, 'ESTABLISHED FIN_WAIT1') +
    line(3, ends, 'FIN_WAIT1 FIN_WAIT2') +
    line(100, ends, 'FIN_WAIT2 FIN_WAIT2') +
    line(101, ends, 'FIN_WAIT2 CLOSE');
  const wanted = ['ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSED'].map((state) => `client ${state}`);
  t.deepEqual(await tracedOf(t, text, 0, 200), wanted);
});

test('transitions that do not follow from one another prove nothing', async (t) => {
  const ends = [CLIENT, SERVER] as const;
  const text =
    line(1, ends, 'SYN_SENT ESTABLISHED') +
    line(2, ends, 'SYN_SENT ESTABLISHED') +
    line(3, ends, 'ESTABLISHED CLOSE');
  t.deepEqual(await tracedOf(t, text, 0, 3), []);
});
