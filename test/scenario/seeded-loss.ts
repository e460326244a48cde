import test from 'ava';
import fc from 'fast-check';
import { lostOrdinals } from '../../harness/scenario/seeded-loss.ts';

test('the same seed loses the same segments, another seed and the other direction others', (t) => {
  const lost = lostOrdinals({ rate: 0.2, seed: 7 }, 'client');
  t.deepEqual(lostOrdinals({ rate: 0.2, seed: 7 }, 'client'), lost);
  t.notDeepEqual(lostOrdinals({ rate: 0.2, seed: 8 }, 'client'), lost);
  t.notDeepEqual(lostOrdinals({ rate: 0.2, seed: 7 }, 'server'), lost);
  // On every machine: a run that was seen to fail can be run again.
  t.deepEqual(lost.slice(0, 6), [5, 8, 12, 14, 15, 19]);
});

test('about as many are lost as the rate says, each an ordinal from 1, in order', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0.05, max: 1, noNaN: true }), (seed, rate) => {
      const lost = lostOrdinals({ rate, seed }, 'client');
      const isSorted = lost.every((ordinal, index) => ordinal > (lost[index - 1] ?? 0));
      return isSorted && Math.abs(lost.length / 2000 - rate) < 0.06;
    }),
  );
  t.pass();
});

test('a rate or seed that is none is a TypeError', (t) => {
  for (const rate of [0, -1, 1.5, Number.NaN]) {
    t.throws(() => lostOrdinals({ rate, seed: 1 }, 'client'), { instanceOf: TypeError });
  }
  t.throws(() => lostOrdinals({ rate: 0.5, seed: 0.5 }, 'client'), { instanceOf: TypeError });
});
