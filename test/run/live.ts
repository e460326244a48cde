import test from 'ava';
import { programPath, lineOf, watchedRun } from '../support/watched-run.ts';
import { startProgram } from '../support/running-program.ts';

const PROGRAM = 'many-endings';

test('with --live, openings and endings are told in order, before the report', async (t) => {
  const run = await watchedRun(t, [process.execPath, programPath(PROGRAM)], {
    flags: ['--private', '--live'],
  });
  if (run === undefined) return;
  const [live = ''] = run.stderr.split('\n\nfinwait ');
  const told = live.split('\n').filter((line) => /^ *\+\d/.test(line));
  const times = told.map((line) => Number(line.trim().split(' ')[0]));
  t.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  for (const [call, comment] of [
    ['end()', 'server ends'],
    ['resetAndDestroy()', 'server resets'],
    ['destroy()', 'client destroys'],
  ] as const) {
    const place = `${call} ${await lineOf(PROGRAM, comment)}`;
    t.true(
      told.some((line) => line.includes(place)),
      `${place} is not in\n${live}`,
    );
  }
  t.true(told.some((line) => line.endsWith('error ECONNRESET')));
});

test('with --live, who stops reading what finwait says leaves the program alone', async (t) => {
  // It ends of its own accord with 5 once finwait has had something to say of 20 connections.
  const script = `
    const net = require('node:net');
    let left = 20;
    const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
      console.log('ready');
      const next = () => left-- === 0 ? process.exit(5)
        : net.connect(server.address().port, '127.0.0.1').resume().on('close', () => setTimeout(next, 5));
      process.stdin.once('end', next).resume();
    });`;
  const { finwait } = await startProgram(t, script, { flags: ['--live'] });
  finwait.stderr.destroy();
  finwait.stdin.end();
  const { exitCode } = await finwait;
  t.is(exitCode, 5);
});
