import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { finwait } from '../support/finwait.ts';
import { temporaryDirectory, watchedRun } from '../support/watched-run.ts';

const NODE = process.execPath;

test('a program that is not there ends as a shell has it', async (t) => {
  const directory = join(await temporaryDirectory(t), 'run');
  const { exitCode, stderr } = await finwait(['run', '--out', directory, '--', 'no-such-program-here']);
  t.is(exitCode, 127);
  t.true(stderr.includes('no-such-program-here cannot be started: there is no such program'));
});

test('a folder of the PATH that refuses does not hide that a program is not there', async (t) => {
  const folder = await temporaryDirectory(t);
  // execve refuses a folder as it does what lies in a closed one; but root, too, whom no mode stops.
  await mkdir(join(folder, 'no-such-program-here'));
  const { exitCode, stderr } = await finwait(
    ['run', '--out', join(folder, 'run'), '--', 'no-such-program-here'],
    { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` } },
  );
  t.is(exitCode, 127);
  t.true(stderr.includes('no-such-program-here cannot be started: there is no such program'), stderr);
});

test('a program that may not be executed is said to be so', async (t) => {
  const folder = await temporaryDirectory(t);
  const program = join(folder, 'program');
  await writeFile(program, '#!/bin/sh\n', { mode: 0o600 });
  const { exitCode, stderr } = await finwait(['run', '--out', join(folder, 'run'), '--', program]);
  t.is(exitCode, 126);
  t.true(stderr.includes(`${program} cannot be started: it may not be executed`), stderr);
});

test('a directory that holds a run is not written over', async (t) => {
  const run = await watchedRun(t, [NODE, '-e', '']);
  if (run === undefined) return;
  const before = await readFile(join(run.directory, 'run.json'), 'utf8');
  const { exitCode, stderr } = await finwait(['run', '--out', run.directory, '--', NODE, '-e', '']);
  t.is(exitCode, 2);
  t.true(stderr.includes('there is a run in it already'));
  t.is(await readFile(join(run.directory, 'run.json'), 'utf8'), before);
});

test('a directory that cannot be made is refused, also where Node’s own mkdir would never return', async (t) => {
  const { exitCode, stderr } = await finwait(['run', '--out', '/proc/no-such-folder', '--', NODE, '-e', '']);
  t.is(exitCode, 2);
  t.true(stderr.includes('--out /proc/no-such-folder: ENOENT'), stderr);
});

test('what stands behind the program is the program’s, with or without --', async (t) => {
  const print = 'process.stdout.write(process.argv.slice(1).join(" "))';
  const flags = ['--port', '3000', '--quiet', '--', '--live'];
  for (const separator of [[], ['--']]) {
    const out = join(await temporaryDirectory(t), 'run');
    const command = [NODE, '-e', print, 'x', ...flags];
    const { exitCode, stdout, stderr } = await finwait(['run', '--out', out, ...separator, ...command]);
    t.is(exitCode, 0, stderr);
    t.is(stdout, 'x --port 3000 --quiet -- --live');
    t.true(stderr.includes('exit code 0'));
  }
});

test('an option of finwait that it does not know is refused before the program', async (t) => {
  const { exitCode, stderr } = await finwait(['run', '--prot', '3000', NODE, '-e', '']);
  t.is(exitCode, 2);
  t.true(stderr.includes('--prot'), stderr);
});
