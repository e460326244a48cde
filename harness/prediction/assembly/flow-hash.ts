import { Segment } from './segment.ts';

/** Odd numbers that are others in every analysis, so that nobody can prepare a capture whose keys collide. */
let seed0: i32 = 0;
let seed1: i32 = 0;
let seed2: i32 = 0;
let seed3: i32 = 0;
let seedPort: i32 = 0;

export function setSeeds(of0: i32, of1: i32, of2: i32, of3: i32, ofPort: i32): void {
  seed0 = of0;
  seed1 = of1;
  seed2 = of2;
  seed3 = of3;
  seedPort = ofPort;
}

/**
 * 32 bits of the segment's addresses and ports, the same both ways: built from the sum and the exclusive or of the ends'
 * own hashes.
 */
export function hashOf(): i32 {
  let from = Segment.source3 * seed3 + (Segment.ports >>> 16) * seedPort;
  let to = Segment.destination3 * seed3 + (Segment.ports & 0xffff) * seedPort;
  if (Segment.ipVersion === 6) {
    from += upperWords(Segment.source0, Segment.source1, Segment.source2);
    to += upperWords(Segment.destination0, Segment.destination1, Segment.destination2);
  }
  const a = mix(from);
  const b = mix(to);
  return mix((a + b) ^ ((a ^ b) * 0xc2b2ae3d));
}

/** Mixed in between, for in a sum of odd multiples the upper bits of words would cancel each other whatever the seeds. */
function upperWords(a: i32, b: i32, c: i32): i32 {
  return mix(mix(mix(a ^ seed0) ^ (b * seed1)) ^ (c * seed2));
}

/** Source: MurmurHash3's finalizer, but for its last step. */
function mix(bits: i32): i32 {
  let mixed = (bits ^ (bits >>> 16)) * 0x85ebca6b;
  mixed = (mixed ^ (mixed >>> 13)) * 0xc2b2ae35;
  return mixed ^ (mixed >>> 16);
}
