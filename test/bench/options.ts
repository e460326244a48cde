import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { countOption } from '../../bench/command-line.ts';

test('a count is a whole number that is large enough', (t) => {
  t.is(countOption('hogs', '0', 0), 0);
  t.is(countOption('rounds', '200', 1), 200);
  for (const text of ['x', '', ' ', '0', '-1', '1.5', 'Infinity', '1e99'])
    t.throws(() => countOption('rounds', text, 1), {
      instanceOf: TypeError,
      message: /--rounds takes .* from 1/u,
    });
});

for (const [program, option, value] of [
  ['soak', 'rounds', 'x'],
  ['soak', 'at-once', '0'],
  ['soak', 'hogs', '-1'],
  ['matrix', 'rounds', '0'],
  ['matrix', 'versions', ''],
  ['fuzz', 'seed', '0'],
  ['fuzz', 'packets', ''],
  ['fuzz', 'seconds', 'Infinity'],
] as const) {
  test(`${program} --${option}=${value} is refused before anything runs`, async (t) => {
    const path = fileURLToPath(new URL(`../../bench/${program}.js`, import.meta.url));
    const { exitCode, stdout, stderr } = await execa(process.execPath, [path, `--${option}=${value}`], {
      reject: false,
    });
    t.is(exitCode, 2);
    t.is(stdout, '');
    t.true(stderr.includes(`--${option} takes`), stderr);
    t.true(stderr.includes(`usage: npm run ${program} -- [`), stderr);
  });
}

for (const program of ['soak', 'matrix', 'fuzz']) {
  test(`${program} --help prints the usage, and a word too many is refused`, async (t) => {
    const path = fileURLToPath(new URL(`../../bench/${program}.js`, import.meta.url));
    const help = await execa(process.execPath, [path, '--help']);
    t.true(help.stdout.startsWith(`usage: npm run ${program} -- [`));
    const { exitCode, stderr } = await execa(process.execPath, [path, 'extra'], { reject: false });
    t.is(exitCode, 2);
    t.regex(stderr, /extra[^]*usage: /);
  });
}

test('a bench that there is not is refused, with those that there are', async (t) => {
  const path = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
  for (const name of ['nope', 'constructor']) {
    const { exitCode, stderr } = await execa(process.execPath, [path, name], { reject: false });
    t.is(exitCode, 2);
    t.true(stderr.includes('usage: npm run bench -- [lab | analyze | node | run]'), stderr);
  }
});
