/** Threads that left no last words, or no record, and what may be concluded of it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { RunConnection } from '../../harness/model/run-connection.ts';
import { causeText } from '../../harness/report/terminal/run-ladder.ts';
import { requireCapability } from '../support/require.ts';
import { temporaryDirectory, watchedRun, type WatchedRun } from '../support/watched-run.ts';

const NODE = process.execPath;

/** In the program: closes the server, and calls `then` once that, and so all before it, is in the main thread's record. */
const CLOSE_AND_THEN = `
  function closeAndThen(server, then) {
    const fs = require('node:fs');
    const folder = process.env.FINWAIT_RECORD_DIR;
    const name = fs.readdirSync(folder).find((each) => each.startsWith('node-' + process.pid + '-0-'));
    const size = () => fs.statSync(folder + '/' + name).size;
    const before = size();
    server.close();
    const look = () => size() > before ? then() : setImmediate(look);
    look();
  }`;

async function watchedScript(t: ExecutionContext, script: string): Promise<WatchedRun | undefined> {
  const file = join(await temporaryDirectory(t), 'program.cjs');
  await writeFile(file, `const net = require('node:net');\n${CLOSE_AND_THEN}\n${script}`);
  return watchedRun(t, [NODE, file]);
}

function finCause({ ties }: RunConnection, side: 'client' | 'server'): string | undefined {
  const fin = ties.find(({ segment }) => segment.from === side && (segment.flags & 1) !== 0);
  return fin?.cause && causeText(fin.cause);
}

test('a worker that was terminated before its process was killed was terminated', async (t) => {
  const run = await watchedScript(
    t,
    `const { Worker } = require('node:worker_threads');
    const code = "const net = require('net'); net.connect(require('worker_threads').workerData, '127.0.0.1').write('x')";
    const server = net.createServer((socket) => {
      socket.once('data', () => worker.terminate());
      socket.on('close', () => {
        // Further on than the clocks of capture and program are apart.
        const from = process.hrtime.bigint() + 20_000_000n;
        const look = () => {
          if (process.hrtime.bigint() < from) setImmediate(look);
          else closeAndThen(server, () => process.kill(process.pid, 'SIGKILL'));
        };
        look();
      });
    });
    let worker;
    server.listen(0, '127.0.0.1', () => {
      worker = new Worker(code, { eval: true, workerData: server.address().port });
    });`,
  );
  if (run === undefined) return;
  const [connection] = run.connections;
  t.is(connection && finCause(connection, 'client'), 'worker terminated', run.stderr);
  t.deepEqual(
    run.report.damage.map(({ detail }) => detail),
    [
      '1 of 2 threads ended by a signal: their last few ms may be missing',
      '1 of 2 threads were workers, and were terminated or ended by a signal with their process: their last few ms may be missing',
    ],
  );
});

test('a worker with an env of its own is said to have left no record', async (t) => {
  const run = await watchedScript(
    t,
    `const { Worker } = require('node:worker_threads');
    new Worker('', { eval: true, env: {} });
    new Worker('', { eval: true });`,
  );
  if (run === undefined) return;
  t.is(run.report.threads, 2);
  t.is(run.report.damage.length, 1);
  const [damage] = run.report.damage;
  t.is(damage?.kind, 'lane-missing');
  t.regex(damage?.detail ?? '', /^1 of 2 workers \(process \d+\) left no record: given an env without /);
});

const BROKE_OFF = /^1 of \d threads left no last words though no signal ended them/;

test('a program that closes the record’s descriptor, and exits, was not killed', async (t) => {
  const run = await watchedScript(
    t,
    `const fs = require('node:fs');
    const server = net.createServer((socket) => socket.end('x'));
    const connect = (closed) => net.connect(server.address().port, '127.0.0.1').resume().on('close', closed);
    server.listen(0, '127.0.0.1', () => connect(() => {
      for (const fd of fs.readdirSync('/proc/self/fd')) {
        try {
          if (fs.readlinkSync('/proc/self/fd/' + fd).endsWith('.fwr')) fs.closeSync(Number(fd));
        } catch {}
      }
      connect(() => server.close());
    }));`,
  );
  if (run === undefined) return;
  t.is(run.exitCode, 0, run.stderr);
  t.regex(run.report.damage[0]?.detail ?? '', BROKE_OFF);
  t.is(run.connections.length, 2);
  t.false(run.stderr.includes('killed'), run.stderr);
  t.deepEqual(
    run.connections.flatMap(({ mismatches }) => mismatches),
    [],
  );
});

test('a program that execve() replaced was not killed', async (t) => {
  const missing = 'execve' in process ? undefined : `Node ${process.versions.node} has no process.execve()`;
  if (!requireCapability(t, 'execve', missing)) return;
  const run = await watchedScript(
    t,
    `if (process.argv[2] === 'replaced') process.exit(7);
    let open = 0;
    const opened = () => {
      if (++open < 2) return;
      const again = [process.execPath, __filename, 'replaced'];
      closeAndThen(server, () => process.execve(process.execPath, again, process.env));
    };
    const server = net.createServer(opened);
    server.listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1', opened));`,
  );
  if (run === undefined) return;
  t.is(run.exitCode, 7, run.stderr);
  t.is(run.report.threads, 2);
  t.regex(run.report.damage[0]?.detail ?? '', BROKE_OFF);
  t.is(run.connections.length, 1);
  for (const { ties } of run.connections) {
    const ends = ties.filter(({ segment }) => (segment.flags & 5) !== 0);
    t.true(ends.length > 0);
    t.true(
      ends.every(({ cause }) => cause === undefined),
      run.stderr,
    );
  }
});
