/** Live: a real tcpdump on lo, every test with a port of its own. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { CaptureOptions } from '../../captures/capture-options.ts';
import type { CapturedPacket } from '../../captures/packet-feed.ts';
import { type Capture, startCapture } from '../../captures/tcpdump.ts';
import { isFinwaitError } from '../../harness/errors.ts';
import { Flag, hasFlags, type Segment, sequenceLength } from '../../harness/model/segment.ts';
import { seqAdd } from '../../harness/model/sequence-number.ts';
import { missingCapture } from '../support/capture.ts';
import { until } from '../support/eventually.ts';
import { findProcesses } from '../support/processes.ts';
import { readCapture } from '../support/read-frames.ts';
import { requireCapability } from '../support/require.ts';

const test = anyTest as TestFn<{ missing: string | undefined }>;
const missing = missingCapture();

type LiveTest = (t: ExecutionContext, echo: Echo) => Promise<void>;

/** A test with a server of its own, where capturing is allowed. */
function live(title: string, body: LiveTest): void {
  test(title, async (t) => {
    if (!requireCapability(t, 'capture', await missing)) return;
    const echo = await openEcho();
    try {
      await body(t, echo);
    } finally {
      echo.server.close();
    }
  });
}

interface Echo {
  readonly server: Server;
  readonly port: number;
  readonly filter: string;
  /** Opens a connection, has `text` echoed, closes; fulfilled when both ends have closed. */
  talk(text: string): Promise<{ readonly clientPort: number }>;
}

async function openEcho(host = '127.0.0.1'): Promise<Echo> {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP server');
  const { port } = address;
  const talk = async (text: string): Promise<{ clientPort: number }> => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = connect(port, host);
    const [accept] = await accepted;
    const closed = Promise.all([once(client, 'close'), once(accept, 'close')]);
    const clientPort = accept.remotePort ?? 0;
    client.resume().end(text);
    await closed;
    return { clientPort };
  };
  return { server, port, filter: `tcp port ${port}`, talk };
}

/** A capture that also a failing test stops, and what it shows. */
async function collect(
  t: ExecutionContext,
  options: CaptureOptions,
): Promise<{ capture: Capture; packets: CapturedPacket[] }> {
  const capture = await startCapture(options);
  t.teardown(async () => {
    await capture.stop();
  });
  const packets: CapturedPacket[] = [];
  capture.onPacket((packet) => packets.push(packet));
  return { capture, packets };
}

function segmentsOf(packets: readonly CapturedPacket[], port: number): Segment[] {
  return packets
    .flatMap(({ segment }) => (segment === undefined ? [] : [segment]))
    .filter(({ source, destination }) => source.port === port || destination.port === port);
}

/** Both SYNs and both FINs are there, and an acknowledgment of each FIN. */
function isWhole(segments: readonly Segment[]): boolean {
  const fins = segments.filter((segment) => hasFlags(segment, Flag.FIN));
  const syns = segments.filter((segment) => hasFlags(segment, Flag.SYN));
  const acknowledged = fins.every((fin) => {
    const next = seqAdd(fin.sequenceNumber, sequenceLength(fin));
    return segments.some((one) => one.source.port !== fin.source.port && one.acknowledgmentNumber === next);
  });
  return new Set(fins.map((fin) => fin.source.port)).size === 2 && syns.length >= 2 && acknowledged;
}

live('a connection is seen from SYN to the last ACK once a fence has passed', async (t, echo) => {
  const { capture, packets } = await collect(t, { filter: echo.filter });
  await echo.talk('hello');
  await capture.fence();
  const segments = segmentsOf(packets, echo.port);
  t.is(segments.length, packets.length);
  t.deepEqual(segments[0]?.flags, Flag.SYN);
  t.is(segments[0]?.destination.port, echo.port);
  t.true(isWhole(segments));
  t.deepEqual(
    packets.map(({ frame }) => frame),
    packets.map((_, index) => index + 1),
  );
  t.is(capture.linkType, 1);
  await capture.stop();
  t.deepEqual(capture.damage, []);
});

live('a fence orders: 30 connections, each complete at its fence', async (t, echo) => {
  const { capture, packets } = await collect(t, { filter: echo.filter });
  for (let round = 0; round < 30; round++) {
    const { clientPort } = await echo.talk(`round ${round}`);
    await capture.fence();
    t.true(isWhole(segmentsOf(packets, clientPort)), `round ${round}`);
  }
  await capture.stop();
});

live('payload is cut off, and its length is known', async (t, echo) => {
  const { capture, packets } = await collect(t, { filter: echo.filter });
  const secret = 'secret'.repeat(8);
  await echo.talk(secret);
  await capture.fence();
  const data = packets.filter(({ segment }) => (segment?.payloadBytes ?? 0) > 0);
  t.is(data.length, 2);
  for (const { headers, originalBytes, segment } of data) {
    t.is(segment?.payloadBytes, secret.length);
    t.is(originalBytes, headers.length + secret.length);
    t.false(Buffer.from(headers.buffer).includes('secret'));
  }
  await capture.stop();
});

live('20 fences at once all pass, each with a reading of both clocks, and none is shown', async (t, echo) => {
  // A filter that lets all UDP through must not show the markers either.
  const { capture, packets } = await collect(t, { filter: `udp port ${echo.port} or ${echo.filter}` });
  const before = BigInt(Date.now() - 1) * 1_000_000n;
  const readings = await Promise.all(Array.from({ length: 20 }, () => capture.fence()));
  const after = BigInt(Date.now() + 1) * 1_000_000n;
  for (const { sentAfterNs, sentBeforeNs, capturedAtNs } of readings) {
    t.true(sentAfterNs < sentBeforeNs);
    t.true(before <= capturedAtNs && capturedAtNs <= after);
  }
  t.is(new Set(readings.map(({ capturedAtNs }) => capturedAtNs)).size, 20);
  t.deepEqual(packets, []);
  await capture.stop();
});

live('every subscriber gets every packet, until it unsubscribes', async (t, echo) => {
  const { capture } = await collect(t, { filter: echo.filter });
  const counts = new Array<number>(100).fill(0);
  const unsubscribe = counts.map((_, index) =>
    capture.onPacket(() => {
      counts[index] = (counts[index] ?? 0) + 1;
    }),
  );
  await echo.talk('one');
  await capture.fence();
  const [first = 0] = counts;
  t.true(first >= 7);
  t.deepEqual(counts, new Array<number>(100).fill(first));
  for (const end of unsubscribe.slice(1)) end();
  await echo.talk('two');
  await capture.fence();
  t.true((counts[0] ?? 0) > first);
  t.deepEqual(counts.slice(1), new Array<number>(99).fill(first));
  await capture.stop();
});

live('packets() gives them all and ends with the capture', async (t, echo) => {
  const { capture, packets } = await collect(t, { filter: echo.filter });
  const stream = capture.packets();
  await echo.talk('hello');
  await capture.stop();
  const read: CapturedPacket[] = [];
  for await (const packet of stream) read.push(packet);
  t.true(read.length >= 7);
  t.deepEqual(read, packets);
  t.is(stream.dropped, 0);
  for await (const packet of capture.packets()) t.fail(`a packet after the end: ${packet.frame}`);
});

live('stats() counts without stopping, many at once too; stop() is idempotent', async (t, echo) => {
  const { capture, packets } = await collect(t, { filter: echo.filter });
  await echo.talk('hello');
  await until('the whole connection', () => isWhole(segmentsOf(packets, echo.port)));
  const all = await Promise.all(Array.from({ length: 5 }, () => capture.stats()));
  for (const { captured, received, dropped } of all) {
    t.is(captured, packets.length);
    t.true(received >= captured);
    t.is(dropped, 0);
  }
  // A fence's marker is counted, and not shown.
  await capture.fence();
  t.true((await capture.stats()).captured > packets.length);
  const [first, second] = await Promise.all([capture.stop(), capture.stop()]);
  t.deepEqual(first, second);
  t.deepEqual(await capture.stats(), first);
  await t.throwsAsync(capture.fence(), { message: 'The capture was stopped' });
  await capture[Symbol.asyncDispose]();
});

live('what is read is saved as a pcap of headers', async (t, echo) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'finwait-'));
  const file = path.join(directory, 'echo.pcap');
  const { capture, packets } = await collect(t, { filter: echo.filter, file });
  await echo.talk('hello');
  await capture.fence();
  await capture.stop();
  const { frames, interfaces, damage } = readCapture(await readFile(file));
  t.deepEqual(damage, []);
  t.is(interfaces[0]?.linkType, capture.linkType);
  t.deepEqual(
    frames.map(({ capturedAtNs, originalBytes, bytes }) => ({ capturedAtNs, originalBytes, headers: bytes })),
    packets.map(({ capturedAtNs, originalBytes, headers }) => ({ capturedAtNs, originalBytes, headers })),
  );
  await rm(directory, { recursive: true });
});

live('a full disk damages the file, not the capture', async (t, echo) => {
  const { capture, packets } = await collect(t, { filter: echo.filter, file: '/dev/full' });
  await echo.talk('hello');
  await capture.fence();
  await until('damage', () => capture.damage.length > 0);
  await echo.talk('again');
  await capture.stop();
  t.true(packets.length >= 14);
  t.deepEqual(
    capture.damage.map(({ lane, kind }) => ({ lane, kind })),
    [{ lane: 'wire', kind: 'file-incomplete' }],
  );
  t.regex(capture.damage[0]?.detail ?? '', /^\/dev\/full ends early: ENOSPC/);
});

live('captures on all interfaces at once', async (t, echo) => {
  const { capture, packets } = await collect(t, { interface: 'any', filter: echo.filter });
  await echo.talk('hello');
  await capture.fence();
  t.true(isWhole(segmentsOf(packets, echo.port)));
  await capture.stop();
  t.deepEqual(capture.damage, []);
});

test('captures IPv6, and fences over it', async (t) => {
  if (!requireCapability(t, 'capture', await missing)) return;
  const echo = await openEcho('::1').catch(() => undefined);
  if (!requireCapability(t, 'ipv6', echo === undefined ? 'no address ::1' : undefined)) return;
  if (echo === undefined) return;
  const { capture, packets } = await collect(t, { filter: echo.filter, fenceAddress: '::1' });
  await echo.talk('hello');
  await capture.fence();
  t.true(isWhole(segmentsOf(packets, echo.port)));
  t.is(packets[0]?.segment?.source.address, '::1');
  await capture.stop();
  echo.server.close();
});

live('a filter that moves offsets (vlan) does not hide the fence', async (t, echo) => {
  const { capture } = await collect(t, { filter: `vlan and ${echo.filter}` });
  await t.notThrowsAsync(capture.fence());
  await capture.stop();
});

live(
  'a fence over an interface that its address does not cross times out, naming the marker',
  async (t, echo) => {
    const { capture } = await collect(t, { filter: echo.filter, fenceAddress: '127.0.0.1' });
    // Stopped tcpdump is as good as another interface: the marker does not come.
    for (const { pid } of findProcesses(echo.filter, 'tcpdump')) process.kill(pid, 'SIGSTOP');
    const error = await t.throwsAsync(capture.fence({ timeoutMs: 20 }));
    t.true(isFinwaitError(error) && error.code === 'ERR_FINWAIT_TIMEOUT');
    t.regex(
      error.message,
      /^the fence marker \(udp and dst host 127\.0\.0\.1 and dst port \d+\) did not come/,
    );
    const aborted = AbortSignal.abort(new Error('enough'));
    await t.throwsAsync(capture.fence({ signal: aborted }), { message: 'enough' });
    // stop() wakes it.
    await capture.stop();
    t.deepEqual(findProcesses(echo.filter), []);
  },
);

const REFUSED: readonly { readonly options: CaptureOptions; readonly code: string; readonly says: RegExp }[] =
  [
    { options: { interface: 'nope0' }, code: 'ERR_FINWAIT_CAPTURE_INTERFACE', says: /No interface "nope0"/ },
    {
      options: { filter: 'tcp porty' },
      code: 'ERR_FINWAIT_CAPTURE_FILTER',
      says: /"tcp porty": .*syntax error/,
    },
    { options: { filter: 'port porty' }, code: 'ERR_FINWAIT_CAPTURE_FILTER', says: /unknown port/ },
    { options: { fenceAddress: '192.0.2.1' }, code: 'ERR_FINWAIT_CAPTURE_INTERFACE', says: /192\.0\.2\.1/ },
    { options: { timeoutMs: 0 }, code: 'ERR_FINWAIT_TIMEOUT', says: /tcpdump listening on lo did not come/ },
  ];

for (const { options, code, says } of REFUSED) {
  live(`start fails with ${code}: ${JSON.stringify(options)}`, async (t, echo) => {
    const error = await t.throwsAsync(startCapture({ filter: echo.filter, ...options }));
    t.true(isFinwaitError(error) && error.code === code, String(error));
    t.regex(error.message, says);
    t.deepEqual(findProcesses(echo.filter), []);
  });
}

live('an aborted start leaves no process', async (t, echo) => {
  const controller = new AbortController();
  const start = startCapture({ filter: echo.filter, signal: controller.signal });
  controller.abort(new Error('changed my mind'));
  await t.throwsAsync(start, { message: 'changed my mind' });
  t.deepEqual(findProcesses(echo.filter), []);
});

live('a file that cannot be opened fails the start', async (t, echo) => {
  const file = '/nonexistent/echo.pcap';
  await t.throwsAsync(startCapture({ filter: echo.filter, file }), { code: 'ENOENT' });
});
