/** captures/tcpdump.sh: the same capture by hand. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { captureSettings } from '../../captures/capture-options.ts';
import { tcpdumpFlags } from '../../captures/tcpdump-process.ts';
import { Flag } from '../../harness/model/segment.ts';
import { missingCapture } from '../support/capture.ts';
import { decodeOnce } from '../support/decode.ts';
import { until } from '../support/eventually.ts';
import { collectFrames, type Frame } from '../support/read-frames.ts';
import { refusedEndpoint } from '../support/refused-endpoint.ts';
import { requireCapability } from '../support/require.ts';
import { writeProgram } from '../support/write-program.ts';

const run = promisify(execFile);
const SCRIPT = path.join(import.meta.dirname, '../../../captures/tcpdump.sh');
const missing = missingCapture();

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'finwait-'));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** A stand-in on the PATH, to see or to alter how tcpdump is called. */
function putTcpdump(directory: string, script: string): NodeJS.ProcessEnv {
  const stub = path.join(directory, 'tcpdump');
  writeProgram(stub, `#!/bin/sh\n${script}\n`);
  return { ...process.env, PATH: `${directory}:${process.env['PATH'] ?? ''}` };
}

/** The control bits of each whole TCP frame in a capture file. */
function flagsIn(file: string): (number | undefined)[] {
  const frames: Frame[] = [];
  collectFrames(frames).push(readFileSync(file));
  return frames.map(({ linkType, bytes }) => decodeOnce(linkType, bytes).segment?.flags);
}

test('uses the flags of the library', async (t) => {
  await inDirectory(async (directory) => {
    const calls = path.join(directory, 'calls');
    const env = putTcpdump(
      directory,
      `for argument; do printf '%s|' "$argument"; done >>${calls}; echo >>${calls}`,
    );
    await run(SCRIPT, ['7000', path.join(directory, 'out.pcap')], { env });
    const flags = tcpdumpFlags(captureSettings({}));
    const last = (await readFile(calls, 'utf8')).trimEnd().split('\n').at(-2);
    t.is(last, [...flags, 'tcp port 7000', ''].join('|'), 'the last call but the look at what was written');
  });
});

for (const args of [
  [],
  ['7000'],
  ['7000', 'a', 'b'],
  ['http', 'a'],
  ['0', 'a'],
  ['65536', 'a'],
  ['-1', 'a'],
  ['', 'a'],
]) {
  test(`wrong arguments give the usage and status 2: ${JSON.stringify(args)}`, async (t) => {
    const error = await t.throwsAsync(run(SCRIPT, args));
    t.like(error, { code: 2, stdout: '' });
    t.regex(String((error as Error & { stderr: unknown }).stderr), /^usage: .*tcpdump\.sh PORT FILE\n/);
  });
}

test('without permission: says what to do, status 3', async (t) => {
  await inDirectory(async (directory) => {
    const env = putTcpdump(
      directory,
      `echo "tcpdump: lo: You don't have permission to perform this capture on that device" >&2; exit 1`,
    );
    const error = await t.throwsAsync(run(SCRIPT, ['7000', path.join(directory, 'out.pcap')], { env }));
    t.like(error, { code: 3 });
    t.regex(String((error as Error & { stderr: unknown }).stderr), /Use sudo, or grant CAP_NET_RAW/);
  });
});

test('without tcpdump: says what to install, status 3', async (t) => {
  const installed = await run('/bin/sh', ['-c', 'PATH=/usr/sbin:/sbin; command -v tcpdump || true']);
  const elsewhere = installed.stdout === '' ? undefined : 'tcpdump is where the script always looks';
  if (!requireCapability(t, 'no-sbin-tcpdump', elsewhere)) return;
  const error = await t.throwsAsync(
    run('/bin/sh', [SCRIPT, '7000', '/nonexistent/x'], { env: { PATH: '/nonexistent' } }),
  );
  t.like(error, { code: 3 });
  t.regex(String((error as Error & { stderr: unknown }).stderr), /apt-get install tcpdump/);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`captures until ${signal}, then prints the counts and leaves a whole file`, async (t) => {
    if (!requireCapability(t, 'capture', await missing)) return;
    await inDirectory(async (directory) => {
      const file = path.join(directory, 'refused.pcap');
      const { address, port } = await refusedEndpoint(t);
      const script = spawn(SCRIPT, [String(port), file], { stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      script.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      await until('listening on lo', () => stderr.includes('listening on lo'));
      // Refused: a SYN and a RST.
      await once(connect(port, address), 'close').catch(() => undefined);
      await until('SYN and RST in the file', () => flagsIn(file).length >= 2);
      script.kill(signal);
      t.deepEqual(await once(script, 'close'), [0, null]);
      t.regex(stderr, /^2 packets captured$/m);
      t.regex(stderr, /^0 packets dropped by kernel$/m);
      t.deepEqual(flagsIn(file), [Flag.SYN, Flag.RST | Flag.ACK]);
    });
  });
}

test('a signal before tcpdump has begun is told as what it is', async (t) => {
  await inDirectory(async (directory) => {
    // As tcpdump before it has set its handlers: TERM ends it, and nothing is written.
    const env = putTcpdump(directory, 'case "$*" in *-w*) echo begins >&2; exec sleep 60;; esac');
    const file = path.join(directory, 'out.pcap');
    const script = spawn(SCRIPT, ['7000', file], { stdio: ['ignore', 'ignore', 'pipe'], env });
    const closed = once(script, 'close');
    let stderr = '';
    script.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    await until('the beginning', () => stderr.includes('begins') || script.exitCode !== null);
    script.kill('SIGTERM');
    t.deepEqual(await closed, [143, null]);
    t.regex(stderr, /stopped before the capture began: .*out\.pcap is empty/);
  });
});

test('a full disk is an error at the end, status 1', async (t) => {
  if (!requireCapability(t, 'capture', await missing)) return;
  const { port } = await refusedEndpoint(t);
  const script = spawn(SCRIPT, [String(port), '/dev/full'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(script, 'close');
  let stderr = '';
  script.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await until(
    'listening on lo, or the end',
    () => stderr.includes('listening on lo') || script.exitCode !== null,
  );
  script.kill('SIGTERM');
  t.is((await closed)[0], 1);
  t.regex(stderr, /not whole: is the disk full/);
});
