/** Live: what happens to the evidence when tcpdump or its reader does not keep up, or dies. */
import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { CaptureOptions } from '../../captures/capture-options.ts';
import { type Capture, startCapture } from '../../captures/tcpdump.ts';
import { isFinwaitError } from '../../harness/errors.ts';
import { missingCapture } from '../support/capture.ts';
import { until } from '../support/eventually.ts';
import { findProcesses, isStopped, stillRunning, type ProcessIdentity } from '../support/processes.ts';
import { requireCapability } from '../support/require.ts';

const missing = missingCapture();

type LiveTest = (t: ExecutionContext, flood: Flood) => Promise<void>;

function live(title: string, body: LiveTest): void {
  test(title, async (t) => {
    if (!requireCapability(t, 'capture', await missing)) return;
    const flood = await openFlood();
    try {
      await body(t, flood);
    } finally {
      flood.close();
    }
  });
}

/** A UDP socket that nobody reads, and one connected to it, whose sends go out at once. */
interface Flood {
  readonly filter: string;
  send(count: number): void;
  close(): void;
}

async function openFlood(): Promise<Flood> {
  const receiver: Socket = createSocket('udp4');
  const sender = createSocket('udp4');
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address();
  sender.connect(port, '127.0.0.1');
  await once(sender, 'connect');
  return {
    filter: `udp dst port ${port}`,
    send: (count) => {
      for (let sent = 0; sent < count; sent++) sender.send('x');
    },
    close: () => {
      receiver.close();
      sender.close();
    },
  };
}

function tcpdumpOf(filter: string): ProcessIdentity {
  const [tcpdump, ...others] = findProcesses(filter, 'tcpdump');
  if (tcpdump === undefined || others.length > 0) throw new Error(`not one tcpdump for ${filter}`);
  return tcpdump;
}

/** A capture that also a failing test stops. */
async function capturing(t: ExecutionContext, options: CaptureOptions): Promise<Capture> {
  const capture = await startCapture(options);
  t.teardown(async () => {
    await capture.stop();
  });
  return capture;
}

function kindsOf(capture: Capture): string[] {
  return capture.damage.map(({ kind }) => kind);
}

live('drops by the kernel are counted and become damage; a fence outlives them', async (t, flood) => {
  const capture = await capturing(t, { filter: flood.filter, bufferKiB: 64 });
  let seen = 0;
  capture.onPacket(() => {
    seen += 1;
  });
  const { pid } = tcpdumpOf(flood.filter);
  process.kill(pid, 'SIGSTOP');
  await until('tcpdump stopped', () => isStopped(pid));
  flood.send(3000);
  // Its first marker finds the buffer full.
  const fence = capture.fence();
  process.kill(pid, 'SIGCONT');
  await fence;
  const { dropped } = await capture.stats();
  t.true(dropped > 0);
  t.true(seen > 0 && seen < 3000);
  t.deepEqual(capture.damage, [
    {
      lane: 'wire',
      kind: 'kernel-drops',
      detail: `${dropped} packets dropped by the kernel before tcpdump read them`,
    },
  ]);
  t.true((await capture.stop()).dropped >= dropped);
});

live('stop() without a fence still reads all that was sent before it', async (t, flood) => {
  const capture = await capturing(t, { filter: flood.filter });
  let seen = 0;
  capture.onPacket(() => {
    seen += 1;
  });
  // More than tcpdump can have written by the time that it is told to end, less than the kernel's buffer holds.
  flood.send(2000);
  const { captured, dropped } = await capture.stop();
  t.is(dropped, 0);
  t.is(seen, 2000);
  t.true(captured > 2000);
});

live('stop() takes its own want of time for no loss', async (t, flood) => {
  const capture = await capturing(t, { filter: flood.filter });
  let seen = 0;
  capture.onPacket(() => {
    seen += 1;
  });
  flood.send(10);
  const stopping = capture.stop();
  const startMs = performance.now();
  // Longer than stop() waits for its fence.
  while (performance.now() - startMs < 1300);
  await stopping;
  t.is(seen, 10);
  t.deepEqual(capture.damage, []);
});

live('stop() says so when tcpdump does not come to what was sent before it', async (t, flood) => {
  const capture = await capturing(t, { filter: flood.filter });
  const { pid } = tcpdumpOf(flood.filter);
  process.kill(pid, 'SIGSTOP');
  await until('tcpdump stopped', () => isStopped(pid));
  flood.send(10);
  await capture.stop();
  t.deepEqual(capture.damage, [
    { lane: 'wire', kind: 'capture-ended', detail: 'the last packets before stop() may be missing' },
  ]);
});

live('tcpdump killed: waits reject, readers end with an error, and the damage is told', async (t, flood) => {
  const capture = await capturing(t, { filter: flood.filter });
  const reading = capture.packets()[Symbol.asyncIterator]().next();
  const told: string[] = [];
  capture.onDamage(({ kind }) => told.push(kind));
  const { pid } = tcpdumpOf(flood.filter);
  process.kill(pid, 'SIGSTOP');
  const waits = [capture.fence(), capture.fence(), capture.stats(), capture.stats(), reading];
  process.kill(pid, 'SIGKILL');
  for (const wait of await Promise.allSettled(waits)) {
    t.true(wait.status === 'rejected' && isFinwaitError(wait.reason));
    if (wait.status === 'rejected' && isFinwaitError(wait.reason)) {
      t.is(wait.reason.code, 'ERR_FINWAIT_CAPTURE_DIED');
      t.regex(wait.reason.message, /before it was told to \(signal 9\)/);
    }
  }
  t.deepEqual(told, ['capture-ended']);
  t.deepEqual(kindsOf(capture), ['capture-ended']);
  await t.throwsAsync(capture.fence(), { message: /before it was told to/ });
  await t.notThrowsAsync(capture.stop());
  t.deepEqual(findProcesses(flood.filter), []);
});

const CHILD = path.join(import.meta.dirname, '../support/capturing-child.js');

async function forkCapture(filter: string): Promise<ChildProcess> {
  const child = fork(CHILD, [filter]);
  // What makes a start fail stands on its stderr.
  const [told] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (typeof told === 'number' || told === null) throw new Error('the capture did not start');
  return child;
}

/** The ways in which the capturing process can end without a word to the capture. */
const ENDINGS: Readonly<Record<string, (child: ChildProcess) => void>> = {
  SIGKILL: (child) => child.kill('SIGKILL'),
  SIGINT: (child) => child.kill('SIGINT'),
  'process.exit()': (child) => child.send('exit'),
};

for (const [ending, end] of Object.entries(ENDINGS)) {
  live(`no process is left behind by ${ending}, with no traffic at all`, async (t, flood) => {
    const child = await forkCapture(flood.filter);
    const tcpdump = tcpdumpOf(flood.filter);
    end(child);
    await once(child, 'exit');
    await until('tcpdump and its supervisor gone', () => findProcesses(flood.filter).length === 0);
    t.deepEqual(stillRunning([tcpdump]), []);
  });
}

live('no process is left behind by SIGKILL, though tcpdump is stopped', async (t, flood) => {
  const child = await forkCapture(flood.filter);
  process.kill(tcpdumpOf(flood.filter).pid, 'SIGSTOP');
  child.kill('SIGKILL');
  await t.notThrowsAsync(
    until('tcpdump and its supervisor gone', () => findProcesses(flood.filter).length === 0),
  );
});
