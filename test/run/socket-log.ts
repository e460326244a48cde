import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { SocketSample, SocketSnapshot } from '../../harness/index.ts';
import { SocketHistory, SocketLog } from '../../harness/run/socket-log.ts';
import { CLIENT, CLOCK, MS, SERVER, wireMs } from '../correlate/_life.ts';
import { temporaryDirectory } from '../support/watched-run.ts';

function sample(state: SocketSample['state'], fields: Partial<SocketSample> = {}): SocketSample {
  return { state, local: CLIENT, peer: SERVER, receiveQueue: 0, sendQueue: 0, cookie: 'a', ...fields };
}

function at(ms: number, ...sockets: SocketSample[]): SocketSnapshot {
  return { startedAtNs: BigInt(ms) * MS, endedAtNs: BigInt(ms) * MS + 1000n, sockets };
}

const LIFE = { client: CLIENT, server: SERVER, startNs: wireMs(5), endNs: wireMs(25) };

test('what ss showed is read back as states of either end, first and last seen', async (t) => {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path);
  const other = sample('ESTABLISHED', { local: SERVER, peer: CLIENT, cookie: 'b', receiveQueue: 14 });
  log.add(at(10, sample('ESTABLISHED'), other));
  log.add(at(20, sample('ESTABLISHED'), other));
  log.add(at(50, sample('TIME-WAIT')));
  log.add(at(60));
  await log.close();
  t.is(log.samples, 4);
  t.is(log.largestGapMs, 30);
  const states = (await SocketHistory.read(path)).statesOf(LIFE, CLOCK);
  t.deepEqual(
    states.map(({ side, state, receiveQueue, firstSeenNs, lastSeenNs }) => {
      return [side, state, receiveQueue, firstSeenNs - CLOCK.offsetNs, lastSeenNs - CLOCK.offsetNs];
    }),
    [
      ['client', 'ESTABLISHED', 0, 10n * MS + 1000n, 20n * MS + 1000n],
      ['server', 'ESTABLISHED', 14, 10n * MS + 1000n, 20n * MS + 1000n],
      ['client', 'TIME-WAIT', 0, 50n * MS + 1000n, 50n * MS + 1000n],
    ],
  );
});

test('a sample in which nothing changed is a line without sockets', async (t) => {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path);
  for (const ms of [10, 20]) log.add(at(ms, sample('ESTABLISHED')));
  await log.close();
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as { seen: unknown[] }).seen.length),
    [1, 0],
  );
});

test('what lingered in TIME-WAIT when the run began is none of its sockets; listeners are left out', async (t) => {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path);
  log.add(at(10, sample('TIME-WAIT'), sample('LISTEN', { cookie: 'l' })));
  log.add(at(20, sample('TIME-WAIT'), sample('TIME-WAIT', { cookie: 'new' })));
  await log.close();
  const states = (await SocketHistory.read(path)).statesOf(LIFE, CLOCK);
  t.is(states.length, 1);
});

test('a line that was cut off ends the reading, and what stands before it stays', async (t) => {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path);
  log.add(at(10, sample('ESTABLISHED')));
  await log.close();
  await appendFile(path, '{"at":["30');
  const history = await SocketHistory.read(path);
  t.is(history.statesOf(LIFE, CLOCK).length, 1);
  t.is(history.snapshotsOf([CLIENT, SERVER]).length, 1);
});

test('without a log there are no states', async (t) => {
  const history = await SocketHistory.read(join(await temporaryDirectory(t), 'none'));
  t.deepEqual(history.statesOf(LIFE, CLOCK), []);
});
