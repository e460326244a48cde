import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { causeText } from '../../harness/report/terminal/run-ladder.ts';
import { temporaryDirectory, watchedRun } from '../support/watched-run.ts';

const NODE = process.execPath;

test('child processes of the program are watched, too', async (t) => {
  const script = `
    const { fork } = require('node:child_process');
    const net = require('node:net');
    if (process.argv[2] === 'child') net.connect(Number(process.argv[3]), '127.0.0.1').end('from the child');
    else {
      const server = net.createServer((socket) => socket.resume().on('close', () => server.close()));
      server.listen(0, '127.0.0.1', () => fork(__filename, ['child', String(server.address().port)]));
    }`;
  const file = join(await temporaryDirectory(t), 'parent.cjs');
  await writeFile(file, script);
  const run = await watchedRun(t, [NODE, file]);
  if (run === undefined) return;
  const [connection] = run.connections;
  t.is(run.connections.length, 1);
  t.is(run.report.processes, 2);
  t.not(connection?.lives.client?.pid, connection?.lives.server?.pid);
  const fin = connection?.ties.find(({ segment }) => (segment.flags & 1) !== 0);
  t.is(fin?.segment.from, 'client');
  t.is(fin?.cause?.what, 'end()');
});

test('the workers of a cluster are told with the lines that closed', async (t) => {
  const script = `
    const cluster = require('node:cluster');
    const net = require('node:net');
    if (cluster.isPrimary) {
      const workers = [cluster.fork(), cluster.fork()];
      let listening = 0;
      cluster.on('listening', (worker, { port }) => {
        if (++listening < 2) return;
        let left = 4;
        const next = () => left-- === 0 ? workers.forEach((each) => each.disconnect())
          : net.connect(port, '127.0.0.1').resume().on('close', next);
        next();
      });
    } else net.createServer((socket) => socket.end(String(process.pid))).listen(0, '127.0.0.1');`;
  const file = join(await temporaryDirectory(t), 'cluster.cjs');
  await writeFile(file, script);
  const run = await watchedRun(t, [NODE, file]);
  if (run === undefined) return;
  t.is(run.exitCode, 0, run.stderr);
  t.is(run.report.processes, 3);
  t.is(run.connections.length, 4);
  // The primary accepts, and hands one connection to each in turn.
  t.is(new Set(run.connections.map(({ lives }) => lives.server?.pid)).size, 2);
  for (const { ties } of run.connections) {
    const fin = ties.find(({ segment }) => (segment.flags & 1) !== 0);
    t.is(fin?.cause?.what, 'end()', run.stderr);
    t.is(fin?.segment.from, 'server');
  }
});

/** A worker that connects to the main thread, and then does `end`. */
function withWorker(end: string, onConnected: string): string {
  return `
    const { Worker, isMainThread, workerData } = require('node:worker_threads');
    const net = require('node:net');
    if (isMainThread) {
      const server = net.createServer((socket) => {
        socket.resume().on('end', () => server.close());
        ${onConnected}
      });
      server.listen(0, '127.0.0.1', () => {
        worker = new Worker(__filename, { workerData: server.address().port });
      });
      let worker;
    } else {
      const socket = net.connect(workerData, '127.0.0.1', () => { ${end} });
    }`;
}

test('a worker thread is told by the thread', async (t) => {
  const file = join(await temporaryDirectory(t), 'worker.cjs');
  await writeFile(file, withWorker('socket.end()', ''));
  const run = await watchedRun(t, [NODE, file]);
  if (run === undefined) return;
  const { report, connections } = run;
  t.deepEqual(report.damage, []);
  t.is(report.processes, 1);
  t.is(report.threads, 2);
  t.is(connections.length, 1);
  t.is(connections[0]?.lives.server?.threadId, 0);
  t.not(connections[0]?.lives.client?.threadId, 0);
});

test('a worker that is terminated is no process that was killed', async (t) => {
  const file = join(await temporaryDirectory(t), 'terminated.cjs');
  await writeFile(file, withWorker("socket.write('x')", "socket.once('data', () => worker.terminate());"));
  const run = await watchedRun(t, [NODE, file]);
  if (run === undefined) return;
  t.is(run.exitCode, 0, run.stderr);
  t.deepEqual(
    run.report.damage.map(({ detail }) => detail),
    ['1 of 2 threads were workers, and were terminated: their last few ms may be missing'],
  );
  const [connection] = run.connections;
  const fin = connection?.ties.find(({ segment }) => segment.from === 'client' && (segment.flags & 5) !== 0);
  t.is(fin?.cause && causeText(fin.cause), 'worker terminated', run.stderr);
});
