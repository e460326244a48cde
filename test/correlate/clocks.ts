import test from 'ava';
import fc from 'fast-check';
import { alignClocks } from '../../harness/correlate/clocks.ts';
import type { ClockReading } from '../../harness/model/observation.ts';

/** A marker captured `offsetNs` after a monotonic time between the two. */
function reading(sentAfterNs: bigint, sentBeforeNs: bigint, capturedAtNs: bigint): ClockReading {
  return { sentAfterNs, sentBeforeNs, capturedAtNs };
}

test('without a reading there is no map', (t) => {
  t.is(alignClocks([]), undefined);
});

test('one reading bounds the offset by half the time that it took', (t) => {
  t.deepEqual(alignClocks([reading(100n, 140n, 1_120n)]), { offsetNs: 1_000n, errorNs: 20n });
});

test('a reading that took no time is exact', (t) => {
  t.deepEqual(alignClocks([reading(100n, 100n, 1_100n)]), { offsetNs: 1_000n, errorNs: 0n });
});

test('several readings bound the offset by what they have in common, in any order', (t) => {
  const wide = reading(0n, 100n, 1_050n); // 950 to 1050
  const right = reading(0n, 30n, 1_040n); // 1010 to 1040
  t.deepEqual(alignClocks([wide, right]), { offsetNs: 1_025n, errorNs: 15n });
  t.deepEqual(alignClocks([right, wide]), { offsetNs: 1_025n, errorNs: 15n });
});

test('readings that contradict each other give an error that spans them all', (t) => {
  const before = reading(0n, 20n, 1_010n); // 990 to 1010
  const after = reading(500n, 520n, 6_510n); // 5990 to 6010
  t.deepEqual(alignClocks([before, after]), { offsetNs: 3_500n, errorNs: 2_510n });
  t.deepEqual(alignClocks([after, before]), { offsetNs: 3_500n, errorNs: 2_510n });
});

test('the true offset is never further away than the error says', (t) => {
  const offset = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n });
  const delays = fc.array(fc.tuple(fc.bigInt(0n, 9999n), fc.bigInt(0n, 9999n), fc.bigInt(0n, 10n ** 9n)), {
    minLength: 1,
  });
  fc.assert(
    fc.property(offset, delays, (trueOffsetNs, markers) => {
      const readings = markers.map(([before, after, at]) => {
        return reading(at - before, at + after, at + trueOffsetNs);
      });
      const clock = alignClocks(readings);
      if (clock === undefined) return false;
      const distance = clock.offsetNs - trueOffsetNs;
      return distance <= clock.errorNs && -distance <= clock.errorNs;
    }),
  );
  t.pass();
});
