import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Ends } from '../../harness/correlate/run-connections.ts';
import type { SocketSample, SocketSnapshot } from '../../harness/index.ts';
import { keepOwnSockets, OwnPairs } from '../../harness/run/own-sockets.ts';
import { type Line, SocketHistory, SocketLog } from '../../harness/run/socket-log.ts';
import { CLIENT, CLOCK, MS, SERVER, wireMs } from '../correlate/_life.ts';
import { temporaryDirectory } from '../support/watched-run.ts';

function sample(state: SocketSample['state'], fields: Partial<SocketSample> = {}): SocketSample {
  return { state, local: CLIENT, peer: SERVER, receiveQueue: 0, sendQueue: 0, cookie: 'a', ...fields };
}

function at(ms: number, ...sockets: SocketSample[]): SocketSnapshot {
  return { startedAtNs: BigInt(ms) * MS, endedAtNs: BigInt(ms) * MS + 1000n, sockets };
}

const LIFE = { client: CLIENT, server: SERVER, startNs: wireMs(5), endNs: wireMs(25), isOver: true };

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

test('of samples without a change, the last before a change is written, and one a second', async (t) => {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path);
  for (let ms = 0; ms < 2500; ms += 50) log.add(at(ms, sample('ESTABLISHED')));
  log.add(at(2500, sample('CLOSE-WAIT')));
  await log.close();
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  const times = lines.map((line) => Number(BigInt((JSON.parse(line) as { at: [string] }).at[0]) / MS));
  t.deepEqual(times, [0, 1000, 2000, 2450, 2500]);
  const states = (await SocketHistory.read(path)).statesOf({ ...LIFE, endNs: wireMs(3000) }, CLOCK);
  t.is((states[0]?.lastSeenNs ?? 0n) - CLOCK.offsetNs, 2450n * MS + 1000n);
});

test('a log that has reached its limit takes no more, and says how far it goes', async (t) => {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path, 200);
  t.true(log.add(at(10, sample('ESTABLISHED'))));
  t.is(log.trouble, undefined);
  t.false(log.add(at(20, sample('CLOSE-WAIT'))));
  t.false(log.add(at(30, sample('LAST-ACK'))));
  await log.close();
  const limit = 'the socket log reached its limit of 0 MB';
  t.is(log.trouble, `${limit}; ss was asked 2 times until then, and not after`);
  t.is((await SocketHistory.read(path)).statesOf(LIFE, CLOCK).length, 2);
});

test('a log that cannot be written says so', async (t) => {
  const log = new SocketLog(join(await temporaryDirectory(t), 'no such folder', 'sockets.jsonl'));
  log.add(at(10, sample('ESTABLISHED')));
  await log.close();
  t.regex(log.trouble ?? '', /^the socket log could not be written: ENOENT/);
  t.false(log.add(at(20)));
});

test('of a log, the rows of the run’s own pairs and of what came to its listeners are kept', async (t) => {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path);
  const foreign = { local: { address: '10.0.0.1', port: 50 }, peer: { address: '10.0.0.2', port: 443 } };
  const listened = { local: { address: '10.0.0.1', port: 81 }, peer: { address: '10.0.0.3', port: 51 } };
  const all = [
    sample('ESTABLISHED'),
    sample('ESTABLISHED', { cookie: 'b', local: SERVER, peer: CLIENT }),
    sample('ESTABLISHED', { cookie: 'c', ...foreign }),
    sample('CLOSE-WAIT', { cookie: 'd', ...listened }),
    sample('FIN-WAIT-2', { cookie: 'e', local: listened.peer, peer: listened.local }),
  ];
  log.add(at(10, ...all));
  log.add(at(20));
  await log.close();
  const listen = { pid: 1, thread: { cut: false, lastEventAtNs: 0n }, fromNs: 0n };
  const own = new OwnPairs([], [{ ...listen, local: { address: '0.0.0.0', port: 81 } }]);
  own.add(CLIENT, SERVER);
  await keepOwnSockets(path, own);
  const [first, second] = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  t.deepEqual(
    first?.seen.map(([identity]) => identity),
    ['a', 'b', 'd', 'e'],
  );
  t.deepEqual(second?.gone, ['a', 'b', 'd', 'e']);
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

/** Of one pair of ends: each look's state and cookie, 10 ms after the other, the first at 10 ms. */
async function looks(
  t: ExecutionContext,
  ...states: [SocketSample['state'], string][]
): Promise<SocketHistory> {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path);
  for (const [index, [state, cookie]] of states.entries())
    log.add(at(10 * (index + 1), sample(state, { cookie })));
  await log.close();
  return await SocketHistory.read(path);
}

function statesIn(history: SocketHistory, fields: Partial<Ends> = {}): string[] {
  return history.statesOf({ ...LIFE, ...fields }, CLOCK).map(({ state }) => state);
}

test('a socket that is first seen when the connection is over is the next one’s, and so is its TIME-WAIT', async (t) => {
  const reused = await looks(
    t,
    ['ESTABLISHED', 'a'],
    ['FIN-WAIT-2', 'a'],
    ['CLOSE-WAIT', 'b'],
    ['TIME-WAIT', 'c'],
  );
  t.deepEqual(statesIn(reused), ['ESTABLISHED', 'FIN-WAIT-2']);
  t.deepEqual(statesIn(reused, { isOver: false }), ['ESTABLISHED', 'FIN-WAIT-2']);
  t.deepEqual(statesIn(reused, { startNs: wireMs(28), endNs: wireMs(35) }), ['CLOSE-WAIT', 'TIME-WAIT']);
  t.deepEqual(statesIn(reused, { startNs: wireMs(2), endNs: wireMs(9) }), [], 'between two looks');
});

test('what remains of a connection that is over, and the silence of one that is not, are its own', async (t) => {
  const closed = await looks(
    t,
    ['ESTABLISHED', 'a'],
    ['LAST-ACK', 'a'],
    ['LAST-ACK', 'a'],
    ['TIME-WAIT', 'b'],
  );
  t.deepEqual(statesIn(closed), ['ESTABLISHED', 'LAST-ACK', 'TIME-WAIT']);
  const leaks = await looks(t, ['CLOSE-WAIT', 'a']);
  t.deepEqual(statesIn(leaks, { endNs: wireMs(6), isOver: false }), ['CLOSE-WAIT']);
  t.deepEqual(statesIn(leaks, { endNs: wireMs(6), isOver: false, nextNs: wireMs(9) }), [], 'the next one’s');
});

test('snapshots hold what is the connection’s own', async (t) => {
  const reused = await looks(t, ['FIN-WAIT-2', 'a'], ['FIN-WAIT-2', 'a'], ['CLOSE-WAIT', 'b']);
  const seenStates = reused.statesOf(LIFE, CLOCK);
  const shown = reused.snapshotsOf({ ...LIFE, seenStates }, CLOCK).map(({ sockets }) => sockets);
  t.deepEqual(
    shown.map(([socket]) => socket?.state),
    ['FIN-WAIT-2', 'FIN-WAIT-2', undefined],
  );
  t.deepEqual(shown[0]?.[0]?.local, CLIENT);
});

test('a line that was cut off ends the reading, and what stands before it stays', async (t) => {
  const path = join(await temporaryDirectory(t), 'sockets.jsonl');
  const log = new SocketLog(path);
  log.add(at(10, sample('ESTABLISHED')));
  await log.close();
  await appendFile(path, '{"at":["30');
  const history = await SocketHistory.read(path);
  t.is(history.statesOf(LIFE, CLOCK).length, 1);
  t.is(history.snapshotsOf({ ...LIFE, seenStates: [] }, CLOCK).length, 1);
});

test('without a log there are no states', async (t) => {
  const history = await SocketHistory.read(join(await temporaryDirectory(t), 'none'));
  t.deepEqual(history.statesOf(LIFE, CLOCK), []);
});
