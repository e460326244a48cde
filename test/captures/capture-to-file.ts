import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type CaptureToFile, startCaptureToFile } from '../../captures/capture-to-file.ts';
import { markNumber } from '../../captures/clock-marks.ts';
import { analyzeCapture, isFinwaitError, openCaptureSource } from '../../harness/index.ts';
import { eventually } from '../support/eventually.ts';
import { requireCapability } from '../support/require.ts';
import { temporaryDirectory } from '../support/watched-run.ts';

async function startOrSkip(
  t: ExecutionContext,
  options: { file: string; limitBytes?: number },
): Promise<CaptureToFile | undefined> {
  try {
    return await startCaptureToFile({ limitBytes: 1e9, ...options });
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
    requireCapability(t, 'capture', error.message);
    return undefined;
  }
}

/** One whole connection over the loopback; its server's port. */
async function makeConnection(): Promise<number> {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1').resume();
  await once(socket, 'close');
  server.close();
  await once(server, 'close');
  return port;
}

test('everything that was sent before the stop is in the file, with marks that tie the clocks', async (t) => {
  const file = join(await temporaryDirectory(t), 'capture.pcap');
  const capture = await startOrSkip(t, { file });
  if (capture === undefined) return;
  const port = await makeConnection();
  const { damage, stats } = await capture.stop();
  t.deepEqual(damage, []);
  t.true((stats?.captured ?? 0) > 6);
  const met = new Set<number>();
  const endings: string[] = [];
  await analyzeCapture(await openCaptureSource(file), {
    onDatagram: (payload) => {
      const number = markNumber(capture.token, payload);
      if (number !== undefined) met.add(number);
    },
    onRow: (row) => {
      if (row.server.port === port) endings.push(row.ending);
    },
  });
  t.deepEqual(endings, ['closed']);
  t.is(met.size, capture.marks.length);
  t.true(capture.marks.every(({ sentAfterNs, sentBeforeNs }) => sentAfterNs < sentBeforeNs));
});

test('the file is of the person alone', async (t) => {
  const file = join(await temporaryDirectory(t), 'capture.pcap');
  const capture = await startOrSkip(t, { file });
  if (capture === undefined) return;
  t.is((await stat(file)).mode & 0o777, 0o600);
  await capture.stop();
});

test('a capture that reached its limit ends, and says so', async (t) => {
  const file = join(await temporaryDirectory(t), 'capture.pcap');
  const capture = await startOrSkip(t, { file, limitBytes: 100 });
  if (capture === undefined) return;
  await makeConnection();
  await eventually('packets in the file', async () => ((await stat(file)).size > 100 ? true : undefined));
  await capture.mark();
  const { damage } = await capture.stop();
  t.is(damage[0]?.kind, 'capture-ended');
  t.is(damage.length, 1);
});

test('stopping twice is stopping once', async (t) => {
  const file = join(await temporaryDirectory(t), 'capture.pcap');
  const capture = await startOrSkip(t, { file });
  if (capture === undefined) return;
  const [one, two] = await Promise.all([capture.stop(), capture.stop()]);
  t.is(one, two);
});
