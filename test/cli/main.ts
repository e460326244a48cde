import { readFileSync } from 'node:fs';
import test from 'ava';
import { finwait } from '../support/finwait.ts';

test('without a command, and with --help, it says what there is', async (t) => {
  for (const args of [[], ['--help'], ['help']]) {
    const { exitCode, stdout, stderr } = await finwait(args);
    t.is(exitCode, 0);
    t.is(stderr, '');
    t.regex(stdout, /^ {2}demo .*\n {2}coverage .*\n {2}analyze .*\n {2}expect .*\n {2}doctor /m);
  }
});

test('--version is the version of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.is((await finwait(['--version'])).stdout, `finwait ${version}`);
});

test('a command or option that does not exist: exit code 2, and what to type', async (t) => {
  for (const args of [['dmeo'], ['demo', '--setp'], ['doctor', 'extra'], ['demo', 'no-such-scenario']]) {
    const { exitCode, stdout, stderr } = await finwait(args);
    t.is(exitCode, 2, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, /^ERR_FINWAIT_USAGE: .*\n.*finwait /, args.join(' '));
  }
});

test('each command’s --help lists its options', async (t) => {
  const { stdout } = await finwait(['demo', '--help']);
  for (const option of ['--list', '--json', '--step', '--mutant VALUE', '--network VALUE', '--ascii']) {
    t.true(stdout.includes(option), option);
  }
  t.true((await finwait(['doctor', '--help'])).stdout.includes('--json'));
});

test('a reader that closes the pipe early ends it quietly', async (t) => {
  const { stderr } = await finwait(['demo', '--list'], { closeStdout: true });
  t.is(stderr, '');
});
