/** A stand-in for tcpdump on the PATH: for output and refusals that the real one gives only elsewhere. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { existsSync } from 'node:fs';
import { startCapture } from '../../captures/tcpdump.ts';
import { isFinwaitError } from '../../harness/errors.ts';
import { findProgram } from '../../harness/install-hint.ts';
import { encodeFrame, encodePacket, encodePcap, segment } from '../support/segment.ts';
import { missingCapture } from '../support/capture.ts';
import { builtFile } from '../support/child-program.ts';
import { requireCapability } from '../support/require.ts';
import { writeProgram } from '../support/write-program.ts';

const missing = await missingCapture();

/** Serial, since the PATH is the process's. */
async function withTcpdump(script: string, body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'finwait-'));
  const { PATH = '' } = process.env;
  try {
    const stub = path.join(directory, 'tcpdump');
    writeProgram(stub, `#!/bin/sh\ncd ${directory}\n${script}\n`);
    process.env['PATH'] = `${directory}:${PATH}`;
    await body(directory);
  } finally {
    process.env['PATH'] = PATH;
    await rm(directory, { recursive: true });
  }
}

async function startError(t: ExecutionContext): Promise<{ code: string; message: string; hint: string }> {
  const error = await t.throwsAsync(startCapture());
  if (!isFinwaitError(error)) throw new TypeError('not a FinwaitError', { cause: error });
  return { code: error.code, message: error.message, hint: error.hint ?? '' };
}

const LISTENING =
  'echo "tcpdump: listening on lo, link-type EN10MB (Ethernet), snapshot length 128 bytes" >&2';

test.serial(
  'packets that cannot be decoded up to TCP are damage, with their count; others are not',
  async (t) => {
    const good = encodePacket(segment());
    const badOffset = encodePacket(segment());
    badOffset[32] = 0x40;
    const badOptions = encodePacket(segment({ options: { mss: 1460 } }));
    badOptions[21] = 0;
    badOptions[41] = 0;
    const arp = new Uint8Array(42);
    arp.set([8, 6], 12);
    const laterFragment = encodePacket(segment(), { fragmentWord: 2 });
    const packets = [
      good,
      badOffset,
      badOptions,
      laterFragment,
      badOffset.slice(0, 19),
      badOffset.slice(0, 30),
    ];
    const frames = [...packets.map((packet) => encodeFrame(1, packet)), arp];
    const stream = encodePcap(frames.map((bytes) => ({ capturedAtNs: 1n, bytes })));
    // The stream comes whole at once, header and frames in one chunk; then it stays open.
    await withTcpdump(`${LISTENING}; exec tail -c +1 -f stream.pcap`, async (directory) => {
      await writeFile(path.join(directory, 'stream.pcap'), stream);
      const file = path.join(directory, 'saved.pcap');
      const told: string[] = [];
      const capture = await startCapture({ file });
      capture.onDamage(({ detail }) => told.push(detail));
      const stats = await capture.stop();
      t.deepEqual(stats, { captured: 0, received: 0, dropped: 0 });
      t.deepEqual(capture.damage, [
        {
          lane: 'wire',
          kind: 'undecodable',
          detail: '3 packets not decoded up to TCP; the last: tcp at byte 34: 10 of 20 header bytes captured',
        },
        // The stand-in knows of no fence.
        { lane: 'wire', kind: 'capture-ended', detail: 'the last packets before stop() may be missing' },
      ]);
    });
  },
);

test.serial('output that is no pcap stream fails the start', async (t) => {
  await withTcpdump(`${LISTENING}; echo hello, world; exec tail -f /dev/null`, async () => {
    const { code, message } = await startError(t);
    t.is(code, 'ERR_FINWAIT_FORMAT');
    t.regex(message, /at byte 0 found 0x68656c6c/);
  });
});

test.serial(
  'tcpdump that ends without a known reason is ERR_FINWAIT_CAPTURE_DIED with its words',
  async (t) => {
    await withTcpdump('echo "tcpdump: out of cheese" >&2; exit 1', async () => {
      const { code, message } = await startError(t);
      t.is(code, 'ERR_FINWAIT_CAPTURE_DIED');
      t.is(message, 'tcpdump ended before it listened (exit status 1): out of cheese');
    });
  },
);

test.serial('without the right to capture: ERR_FINWAIT_CAPTURE_PERMISSION', async (t) => {
  const isRoot = process.getuid?.() === 0;
  if (!requireCapability(t, 'root', isRoot ? undefined : 'only root can give rights up')) return;
  if (!requireCapability(t, 'capture', missing)) return;
  const asNobody = 'PATH=${PATH#*:}; exec setpriv --reuid=65534 --regid=65534 --clear-groups tcpdump "$@"';
  await withTcpdump(asNobody, async () => {
    const { code, message, hint } = await startError(t);
    t.is(code, 'ERR_FINWAIT_CAPTURE_PERMISSION');
    t.regex(message, /^tcpdump cannot open "lo": .*permission/);
    t.regex(hint, /openLab\(\)/);
  });
});

test.serial('without tcpdump: ERR_FINWAIT_TOOL_MISSING', async (t) => {
  const fallback = ['/usr/sbin/tcpdump', '/sbin/tcpdump'].find((candidate) => existsSync(candidate));
  if (!requireCapability(t, 'no-sbin-tcpdump', fallback && `${fallback} is always looked for`)) return;
  const { PATH = '' } = process.env;
  process.env['PATH'] = '/nonexistent';
  try {
    const { code, hint } = await startError(t);
    t.is(code, 'ERR_FINWAIT_TOOL_MISSING');
    t.regex(hint, /apt-get install tcpdump/);
  } finally {
    process.env['PATH'] = PATH;
  }
});

test.serial('stop() waits longer than it would, while packets still come', async (t) => {
  if (!requireCapability(t, 'capture', missing)) return;
  const tcpdump = findProgram('tcpdump') ?? 'tcpdump';
  const slow = `exec '${process.execPath}' '${builtFile('test/support/programs/slow-tcpdump.js')}' '${tcpdump}' "$@"`;
  const [receiver, sender] = [createSocket('udp4'), createSocket('udp4')];
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address();
  sender.connect(port, '127.0.0.1');
  await once(sender, 'connect');
  await withTcpdump(slow, async () => {
    const capture = await startCapture({ filter: `udp dst port ${port}` });
    let seen = 0;
    capture.onPacket(() => {
      seen += 1;
    });
    // It takes 1.8 s to hand them out, and stop() alone waits for 1 s.
    for (let sent = 0; sent < 120; sent++) sender.send('x');
    await capture.stop();
    t.is(seen, 120);
    t.deepEqual(capture.damage, []);
  });
  receiver.close();
  sender.close();
});
