import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { findProgram } from '../../harness/install-hint.ts';
import type { RunRecord } from '../../harness/run/run-record.ts';
import { eventually } from '../support/eventually.ts';
import { requireCapability } from '../support/require.ts';
import { runShell, startProgram, WAITS_FOR_SIGINT } from '../support/running-program.ts';
import { temporaryDirectory, toldAgain } from '../support/watched-run.ts';

const MAIN = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));

test('Ctrl-C without a terminal is passed on, and the program’s exit code is ours', async (t) => {
  const { finwait } = await startProgram(t);
  finwait.kill('SIGINT');
  const { exitCode, stdout } = await finwait;
  t.is(exitCode, 7);
  t.true(stdout.endsWith('interrupted'));
});

test('Ctrl-C in a terminal reaches the program once', async (t) => {
  const script = findProgram('script');
  const missing = script === undefined ? 'no "script" (util-linux) to make a terminal with' : undefined;
  if (!requireCapability(t, 'script', missing) || script === undefined) return;
  const directory = await temporaryDirectory(t);
  const counting = WAITS_FOR_SIGINT.replace(
    "console.log('interrupted'); process.exit(7);",
    'count++; setImmediate(() => setImmediate(() => { console.log("count " + count); process.exit(7); }));',
  );
  const run = [process.execPath, MAIN, 'run', '--out', `${directory}/run`, '--', 'node', '-e'];
  const command = [...run, `let count = 0; ${counting}`];
  const quoted = command.map((each) => `'${each.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const running = execa(script, ['-qec', `exec ${quoted}`, '/dev/null'], {
    reject: false,
    env: { SHELL: '/bin/sh' },
  });
  let seen = '';
  running.stdout.on('data', (text: Buffer) => {
    const before = seen.includes('ready');
    seen += text.toString();
    if (!before && seen.includes('ready')) running.stdin.write('\u0003');
  });
  const { exitCode } = await running;
  t.is(exitCode, 7, seen);
  t.true(seen.includes('count 1'), seen);
  t.true(seen.includes('exit code 7'), seen);
});

test('a second Ctrl-C, for a program that has ended at the first, leaves the report and the exit code', async (t) => {
  const { finwait, directory, ready } = await startProgram(t);
  const program = Number(ready.replace('ready ', ''));
  finwait.kill('SIGINT');
  await eventually('the end of the program', () => (isThere(program) ? undefined : true));
  finwait.kill('SIGINT');
  const { exitCode, signal, stderr } = await finwait;
  t.is(signal, undefined);
  t.is(exitCode, 7);
  t.true(stderr.includes('exit code 7'), stderr);
  t.is((await toldAgain(directory)).report.exitCode, 7);
});

test('signals end finwait while it makes the record the run’s own, and leave that to the next reader', async (t) => {
  // A record that nobody writes keeps its reader waiting.
  const blocks = WAITS_FOR_SIGINT.replace(
    "console.log('interrupted');",
    "require('node:child_process').execFileSync('mkfifo', [process.env.FINWAIT_RECORD_DIR + '/node-1-0-x.fwr']);",
  );
  const { finwait, directory } = await startProgram(t, blocks);
  finwait.kill('SIGINT');
  await eventually('the end of the program', async () => {
    const { finished } = JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')) as RunRecord;
    return finished ? true : undefined;
  });
  const exited = once(finwait, 'exit');
  await eventually('the end of finwait', () => {
    if (finwait.exitCode === null && finwait.signalCode === null) finwait.kill('SIGINT');
    return finwait.signalCode ?? undefined;
  });
  t.deepEqual(await exited, [null, 'SIGINT']);
  await rm(join(directory, 'node', 'node-1-0-x.fwr'));
  const { report, connections } = await toldAgain(directory);
  t.is(report.state, 'ended');
  t.is(report.exitCode, 7);
  t.is(connections.length, 1);
});

test('a program that a signal ends ends finwait by the same signal, after the report', async (t) => {
  const dies = WAITS_FOR_SIGINT.replace(
    "console.log('ready ' + process.pid)",
    "{ console.log('ready'); process.kill(process.pid, 'SIGKILL'); }",
  );
  const { finwait, directory } = await startProgram(t, dies);
  const { signal, stderr } = await finwait;
  t.is(signal, 'SIGKILL');
  t.true(stderr.includes('ended by SIGKILL'));
  const words = stderr.replaceAll(/\s+/g, ' ');
  t.true(words.includes('ended by a signal: their last few ms may be missing'), stderr);
  const { report } = await toldAgain(directory);
  // Its last few ms hold its whole life: where no packets may be seen, nobody may have seen the connection.
  if (!words.includes('missing wire')) t.is(report.connections, 1);
});

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
  test(`a program that ${name} ends ends finwait by it`, async (t) => {
    // No core of finwait is wanted; the shell's limit holds for what it starts.
    const before = ['sh', '-c', 'ulimit -c 0; exec "$@"', 'sh'];
    const { signal, stderr } = await runShell(t, `kill -${name.slice(3)} $$`, { before });
    t.is(signal, name);
    t.true(stderr.includes(`ended by ${name}`), stderr);
  });
}

test('a signal that does not end Node gives 128 + its number: SIGPIPE, which it ignores', async (t) => {
  const { exitCode, stderr } = await runShell(t, 'kill -PIPE $$');
  t.is(exitCode, 141);
  t.true(stderr.includes('ended by SIGPIPE'), stderr);
});

test('SIGUSR1 gives 128 + its number, and opens no debugger', async (t) => {
  const { exitCode, stderr } = await runShell(t, 'kill -USR1 $$');
  t.is(exitCode, 138);
  t.false(stderr.includes('Debugger'), stderr);
});

test('finwait as process 1, which no signal of its own ends, gives 128 + its number', async (t) => {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps'];
  const before = ['unshare', ...user, '--pid', '--fork', '--kill-child', '--mount-proc'];
  const [unshare = '', ...flags] = before;
  const tried = await execa(unshare, [...flags, 'true'], { reject: false });
  const refused = tried.exitCode === 0 ? undefined : tried.stderr;
  if (!requireCapability(t, 'pid-namespace', refused)) return;
  const { exitCode, stderr } = await runShell(t, 'kill -TERM $$', { before });
  t.is(exitCode, 143, stderr);
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
