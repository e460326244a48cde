import test from 'ava';
import fc from 'fast-check';
import { lossOf } from '../../harness/lab/seeded-loss.ts';

test('the same seed loses the same segments, another seed and the other direction others', (t) => {
  const lost = lossOf({ rate: 0.2, seed: 7 }, 'client');
  t.deepEqual(lossOf({ rate: 0.2, seed: 7 }, 'client'), lost);
  t.notDeepEqual(lossOf({ rate: 0.2, seed: 8 }, 'client'), lost);
  t.notDeepEqual(lossOf({ rate: 0.2, seed: 7 }, 'server'), lost);
  // On every machine: a run that was seen to fail can be run again.
  t.deepEqual(lost.nth.slice(0, 6), [5, 8, 12, 14, 15, 19]);
  t.is(lost.outOf, 2000);
});

test('about as many are lost as the rate says, each an ordinal from 1, in order', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0.05, max: 1, noNaN: true }), (seed, rate) => {
      const { nth: lost } = lossOf({ rate, seed }, 'client');
      const isSorted = lost.every((ordinal, index) => ordinal > (lost[index - 1] ?? 0));
      return isSorted && Math.abs(lost.length / 2000 - rate) < 0.06;
    }),
  );
  t.pass();
});

test('a rate so small that none of 2000 would be lost loses one of them', (t) => {
  t.deepEqual(lossOf({ rate: 1e-9, seed: 1 }, 'client'), { nth: [2000], outOf: 2000 });
});

test('a rate or seed that is none is a TypeError', (t) => {
  for (const rate of [0, -1, 1.5, Number.NaN]) {
    t.throws(() => lossOf({ rate, seed: 1 }, 'client'), { instanceOf: TypeError });
  }
  t.throws(() => lossOf({ rate: 0.5, seed: 0.5 }, 'client'), { instanceOf: TypeError });
});
