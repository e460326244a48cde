import fc from 'fast-check';
import test from 'ava';
import { printable } from '../../harness/report/terminal/printable.ts';
import { wrap, wrapHanging } from '../../harness/report/terminal/text.ts';
import { duration, durationOfMs, relativeMs } from '../../harness/report/terminal/time.ts';

test('escape sequences, controls and bidi overrides go; letters of all scripts stay', (t) => {
  t.is(printable('\u001B[31mred\u001B[0m'), 'red');
  t.is(printable('\u001B]8;;http://x\u0007link\u001B]8;;\u0007'), 'link');
  t.is(printable('a\u202Eb\u2066c\u2069\u200Fd\u061Ce\u{E0041}f\uFEFFg'), 'abcdefg');
  t.is(printable('a\tb\r\nc\u2028d'), 'a b c d');
  t.is(printable('後端 é e\u0301 नमस्ते 👩‍👧 \uD800x'), '後端 é e\u0301 नमस्ते 👩‍👧 x');
});

test('wrapping keeps runs of spaces inside a line and drops them at its end', (t) => {
  t.deepEqual(wrap('a  b  c', 4), ['a  b', 'c']);
});

test('CJK text takes two cells a character', (t) => {
  t.deepEqual(wrap('后端服务器', 5), ['后端', '服务', '器']);
});

test('a character and its combining marks are never parted', (t) => {
  t.deepEqual(wrap('e\u0301e\u0301e\u0301', 2), ['e\u0301e\u0301', 'e\u0301']);
});

test('a word that does not fit beside the head goes below it rather than being cut', (t) => {
  t.deepEqual(wrapHanging('head: ', 'longerword', 12), ['head:', '  longerword']);
});

test('times are ms to the µs, after or before the first segment', (t) => {
  t.is(relativeMs(1_412_999n, 1_000_000n), '+0.412');
  t.is(relativeMs(1_000_000n, 1_412_000n), '-0.412');
  t.is(relativeMs(61_000_000_000n, 0n), '+61000.000');
});

test('durations have three digits and a unit', (t) => {
  t.deepEqual(
    [
      34_000n,
      1_500_000n,
      2_202_400n,
      40_000_000n,
      40_606_000n,
      999_600_000n,
      1_250_000_000n,
      60_000_000_000n,
      3_600_000_000_000n,
    ].map(duration),
    ['0.034 ms', '1.5 ms', '2.2 ms', '40 ms', '40.6 ms', '1 s', '1.25 s', '60 s', '3600 s'],
  );
});

test('a duration has three digits, as toPrecision and toFixed would round them', (t) => {
  const oneOf = (ns: number): string => {
    const ms = ns / 1e6;
    if (ms < 1) return `${Number(ms.toFixed(3))} ms`;
    if (ms < 999.5) return `${Number(ms.toPrecision(3))} ms`;
    const seconds = ms / 1000;
    return `${seconds < 99.5 ? Number(seconds.toPrecision(3)) : seconds.toFixed(0)} s`;
  };
  // Whole steps of the last digit, and just beside its halves: on those, binary fractions round either way.
  const nanoseconds = fc.tuple(
    fc.integer({ min: 0, max: 999 }),
    fc.integer({ min: 3, max: 9 }),
    fc.constantFrom(-4, 0, 4),
  );
  fc.assert(
    fc.property(nanoseconds, ([digits, power, tenths]) => {
      const ns = Math.max(0, (digits + tenths / 10) * 10 ** power);
      t.is(durationOfMs(ns / 1e6), oneOf(ns));
    }),
  );
  t.is(durationOfMs(-0.25), '-0.25 ms');
});
