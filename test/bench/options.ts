import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { countOption } from '../../bench/count-option.ts';

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
] as const) {
  test(`${program} --${option}=${value} is refused before anything runs`, async (t) => {
    const path = fileURLToPath(new URL(`../../bench/${program}.js`, import.meta.url));
    const { exitCode, stdout, stderr } = await execa(process.execPath, [path, `--${option}=${value}`], {
      reject: false,
    });
    t.is(exitCode, 1);
    t.is(stdout, '');
    t.true(stderr.includes(`--${option} takes`), stderr);
  });
}
