import test from 'ava';
import fc from 'fast-check';
import { seqAdd, seqDistance } from '../../harness/model/sequence-number.ts';

const number = fc.integer({ min: 0, max: 0xffffffff });
const distance = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

const DISTANCES: readonly (readonly [from: number, to: number, distance: number])[] = [
  [0, 0, 0],
  [0, 1, 1],
  [1, 0, -1],
  [0xffffffff, 0, 1],
  [0, 0xffffffff, -1],
  [0xfffffff0, 0x10, 0x20],
  [0x10, 0xfffffff0, -0x20],
  [0, 0x7fffffff, 0x7fffffff],
  [0x7fffffff, 0x80000000, 1],
  [0, 0x80000000, -0x80000000],
  [0x80000000, 0, -0x80000000],
];

for (const [from, to, expected] of DISTANCES) {
  test(`from ${from} to ${to} it is ${expected}`, (t) => {
    t.is(seqDistance(from, to), expected);
  });
}

test('adding wraps at 2³² and stays unsigned', (t) => {
  t.is(seqAdd(0xffffffff, 1), 0);
  t.is(seqAdd(0xfffffffe, 5), 3);
  t.is(seqAdd(0x7fffffff, 1), 0x80000000);
  t.is(seqAdd(0, -1), 0xffffffff);
  t.is(seqAdd(0xffffffff, 0xffffffff), 0xfffffffe);
});

test('what was added is the distance, wherever it begins', (t) => {
  fc.assert(
    fc.property(number, distance, (from, octets) => {
      t.is(seqDistance(from, seqAdd(from, octets)), octets);
    }),
  );
});

test('there and back is no distance, half the space apart it is the same both ways', (t) => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      const there = seqDistance(a, b);
      t.is(seqDistance(b, a), there === -(2 ** 31) ? there : 0 - there);
    }),
  );
});

test('distances do not change when both numbers are moved', (t) => {
  fc.assert(
    fc.property(number, number, distance, (a, b, by) => {
      t.is(seqDistance(seqAdd(a, by), seqAdd(b, by)), seqDistance(a, b));
    }),
  );
});
