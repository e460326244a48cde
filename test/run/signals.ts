import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { findProgram } from '../../harness/install-hint.ts';
import { eventually } from '../support/eventually.ts';
import { requireCapability } from '../support/require.ts';
import { temporaryDirectory, toldAgain } from '../support/watched-run.ts';

const MAIN = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));

/** Says when it listens and has a connection; at SIGINT it says so and exits with 7. */
const PROGRAM = `
  const net = require('node:net');
  process.on('SIGINT', () => { console.log('interrupted'); process.exit(7); });
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    net.connect(server.address().port, '127.0.0.1', () => console.log('ready ' + process.pid));
  });`;

test('Ctrl-C without a terminal is passed on, and the program’s exit code is ours', async (t) => {
  const directory = join(await temporaryDirectory(t), 'run');
  const running = execa(process.execPath, [MAIN, 'run', '--out', directory, '--', 'node', '-e', PROGRAM], {
    reject: false,
    // Of its own, so that no terminal of whoever runs the tests has a say.
    detached: true,
  });
  for await (const line of running) if (line.startsWith('ready')) running.kill('SIGINT');
  const { exitCode, stdout } = await running;
  t.is(exitCode, 7);
  t.true(stdout.endsWith('interrupted'));
});

test('Ctrl-C in a terminal reaches the program once', async (t) => {
  const script = findProgram('script');
  const missing = script === undefined ? 'no "script" (util-linux) to make a terminal with' : undefined;
  if (!requireCapability(t, 'script', missing) || script === undefined) return;
  const directory = join(await temporaryDirectory(t), 'run');
  const counting = PROGRAM.replace(
    "console.log('interrupted'); process.exit(7);",
    'count++; setImmediate(() => setImmediate(() => { console.log("count " + count); process.exit(7); }));',
  );
  const command = [
    process.execPath,
    MAIN,
    'run',
    '--out',
    directory,
    '--',
    'node',
    '-e',
    `let count = 0; ${counting}`,
  ];
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

test('a program that a signal ends ends finwait by the same signal, after the report', async (t) => {
  const directory = join(await temporaryDirectory(t), 'run');
  const dies = PROGRAM.replace("console.log('ready ' + process.pid)", "process.kill(process.pid, 'SIGKILL')");
  const { signal, stderr } = await execa(
    process.execPath,
    [MAIN, 'run', '--out', directory, '--', 'node', '-e', dies],
    {
      reject: false,
    },
  );
  t.is(signal, 'SIGKILL');
  t.true(stderr.includes('ended by SIGKILL'));
  const words = stderr.replaceAll(/\s+/g, ' ');
  t.true(words.includes('ended by a signal: their last few ms may be missing'), stderr);
  const { report } = await toldAgain(directory);
  // Its last few ms hold its whole life: where no packets may be seen, nobody may have seen the connection.
  if (!words.includes('missing wire')) t.is(report.connections, 1);
});

test('when finwait is killed, what it had seen until then is told', async (t) => {
  const directory = join(await temporaryDirectory(t), 'run');
  const running = execa(process.execPath, [MAIN, 'run', '--out', directory, '--', 'node', '-e', PROGRAM], {
    reject: false,
  });
  const exited = once(running, 'exit');
  const [text] = (await once(running.stdout, 'data')) as [Buffer];
  const program = Number(text.toString().replace('ready ', ''));
  running.kill('SIGKILL');
  t.deepEqual(await exited, [null, 'SIGKILL']);
  process.kill(program, 'SIGINT');
  await running;
  await eventually('the end of the program', () => (isThere(program) ? undefined : true));
  const { connections, report } = await toldAgain(directory);
  t.true(report.damage.some(({ detail }) => detail === 'finwait was killed before the program ended'));
  t.is(connections.length, 1);
  t.truthy(connections[0]?.lives.client);
  t.truthy(connections[0]?.lives.server);
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
