import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { captureOfRun } from '../../harness/index.ts';
import { finwait } from '../support/finwait.ts';
import { startProgram } from '../support/running-program.ts';
import { filesOf, toldAgain, watchedRun } from '../support/watched-run.ts';

test('a run that goes on is told as far as it has come, and is none the worse for it', async (t) => {
  const { directory, finwait: running } = await startProgram(t);
  const before = await readFile(join(directory, 'run.json'), 'utf8');
  const files = (await readdir(directory)).sort();
  const told = await finwait(['analyze', directory]);
  t.is(told.exitCode, 0, told.stderr);
  t.true(told.stdout.includes('still running'), told.stdout);
  t.false(told.stdout.includes('killed'), told.stdout);
  const { connections, report } = await toldAgain(directory);
  t.is(report.state, 'running');
  t.is(connections.length, 1);
  t.is(connections[0]?.ending, 'open');
  t.is(await readFile(join(directory, 'run.json'), 'utf8'), before);
  t.deepEqual((await readdir(directory)).sort(), files);
  running.kill('SIGINT');
  const { exitCode, stderr } = await running;
  t.is(exitCode, 7);
  t.true(stderr.includes('exit code 7'), stderr);
  const after = await toldAgain(directory);
  t.is(after.report.state, 'ended');
  t.is(after.connections.length, 1);
});

test('the capture of a run that goes on is not yet to be had', async (t) => {
  const { directory, finwait: running } = await startProgram(t);
  await t.throwsAsync(captureOfRun(directory), { code: 'ERR_FINWAIT_USAGE' });
  running.kill('SIGINT');
  await running;
});

test('when finwait is killed, what it had seen until then is told, by any number of readers at once', async (t) => {
  const { directory, finwait: running, ready } = await startProgram(t);
  const program = Number(ready.replace('ready ', ''));
  // Its outputs are the program's, too: for execa it is over only when that is.
  const exited = once(running, 'exit');
  running.kill('SIGKILL');
  t.deepEqual(await exited, [null, 'SIGKILL']);
  process.kill(program, 'SIGINT');
  await running;
  const tellings = await Promise.all([1, 2, 3].map(async () => finwait(['analyze', directory, '--json'])));
  for (const { exitCode, stdout, stderr } of tellings) {
    t.is(exitCode, 4, stderr);
    t.is(stdout, tellings[0]?.stdout ?? '');
  }
  const { connections, report } = await toldAgain(directory);
  t.is(report.state, 'killed');
  t.true(
    report.damage.some(
      ({ detail }) => detail === 'finwait was killed before the record of the run was finished',
    ),
  );
  t.is(connections.length, 1);
  t.truthy(connections[0]?.lives.client);
  t.truthy(connections[0]?.lives.server);
  t.false((await readdir(directory)).includes('capture-raw.pcap'));
});

test('a record is of the person alone, and with --quiet holds no more than the run’s own, too', async (t) => {
  const script = `
    const net = require('node:net');
    const server = net.createServer((socket) => socket.end('secret')).listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1').resume().on('close', () => server.close());
    });`;
  const run = await watchedRun(t, [process.execPath, '-e', script], { flags: ['--private', '--quiet'] });
  if (run === undefined) return;
  t.is(run.stderr, '');
  const files = filesOf(run);
  t.deepEqual((await readdir(run.directory)).sort(), files);
  const modes = await Promise.all(
    ['', ...files].map(async (name) => ((await stat(join(run.directory, name))).mode & 0o777).toString(8)),
  );
  t.deepEqual(
    modes,
    ['', ...files].map((name) => (name === '' || name === 'node' ? '700' : '600')),
  );
  t.false((await readFile(join(run.directory, 'capture.pcap'))).includes('secret'));
});

test('what outlives the program is told as still running, and as no more', async (t) => {
  // The grandchild says that it has its connection, and then holds it until its stdin ends, which nobody ends.
  const grandchild = `
    const net = require('node:net');
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1', () => process.send('connected'));
    });`;
  const script = `
    const child = require('node:child_process').fork('-e', [${JSON.stringify(grandchild)}], {
      execArgv: [], detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execPath: process.execPath,
    });
    child.once('message', () => { console.log(child.pid); child.disconnect(); child.unref(); process.exit(0); });`;
  const run = await watchedRun(t, [process.execPath, '-e', script]);
  if (run === undefined) return;
  const pid = Number(run.stdout);
  t.true(pid > 0, run.stderr);
  t.teardown(() => process.kill(pid, 'SIGKILL'));
  const { report, connections } = await toldAgain(run.directory);
  const details = report.damage.map(({ detail }) => detail);
  t.deepEqual(details, [
    `process ${pid} still running when the run ended: its later packets were not captured`,
  ]);
  t.is(connections.length, 1);
  t.is(connections[0]?.ending, 'open');
  t.is(connections[0]?.mismatches.length, 0);
});
