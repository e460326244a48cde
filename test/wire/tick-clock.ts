import test from 'ava';
import fc from 'fast-check';
import { TickClock } from '../../harness/wire/tick-clock.ts';

const anyTicks = fc
  .oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 54n }),
    // Either side of a word, and of a whole second.
    fc.constantFrom(0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n),
    fc.nat(4_000_000_000).map((seconds) => BigInt(seconds) * 1_000_000_000n - 1n),
  )
  .filter((ticks) => ticks >= 0n);

function observed(base: 10 | 2, exponent: number, ticks: bigint): bigint {
  const clock = new TickClock({ base, exponent, offsetSeconds: 0 });
  clock.set(Number(ticks >> 32n), Number(ticks & 0xffffffffn));
  return BigInt(clock.seconds) * 1_000_000_000n + BigInt(clock.nanoseconds);
}

test('ticks of any power of ten are counted as BigInt counts them', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 127 }), anyTicks, (exponent, ticks) => {
      // Seconds past 2⁵³ are no dates, and not exact as numbers.
      fc.pre(ticks / 10n ** BigInt(exponent) < 2n ** 53n);
      t.is(observed(10, exponent, ticks), (ticks * 1_000_000_000n) / 10n ** BigInt(exponent));
    }),
    { numRuns: 2000 },
  );
});

test('ticks of any power of two down to 2⁻⁶⁴ s are counted as BigInt counts them', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 64 }), anyTicks, (exponent, ticks) => {
      fc.pre(ticks / 2n ** BigInt(exponent) < 2n ** 53n);
      t.is(observed(2, exponent, ticks), (ticks * 1_000_000_000n) / 2n ** BigInt(exponent));
    }),
    { numRuns: 2000 },
  );
});

test('finer powers of two are right to the nanosecond below', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 65, max: 127 }), anyTicks, (exponent, ticks) => {
      const exact = (ticks * 1_000_000_000n) / 2n ** BigInt(exponent);
      const difference = exact - observed(2, exponent, ticks);
      t.true(difference === 0n || difference === 1n);
    }),
  );
});

test('the nanoseconds of nanosecond captures are kept to the last digit', (t) => {
  t.is(observed(10, 9, 1_700_000_000_123_456_789n), 1_700_000_000_123_456_789n);
  t.is(observed(10, 6, 1_700_000_000_123_456n), 1_700_000_000_123_456_000n);
});

test('an offset moves the seconds, in either direction', (t) => {
  const clock = new TickClock({ base: 10, exponent: 3, offsetSeconds: -5 });
  clock.set(0, 7250);
  t.deepEqual([clock.seconds, clock.nanoseconds], [2, 250_000_000]);
});
