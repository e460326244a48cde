import type { Side } from '../model/connection.ts';

/** A run sends far fewer segments each way; those behind this many are not lost. */
const COUNTED = 2000;

/**
 * Which segments of one direction are lost, from 1: the same for the same rate, seed and direction, on any machine.
 * @throws TypeError for a rate or seed that is none
 */
export function lostOrdinals(
  { rate, seed }: { readonly rate: number; readonly seed: number },
  from: Side,
): readonly number[] {
  if (!(rate > 0 && rate <= 1)) throw new TypeError(`A rate of loss lies above 0, up to 1; not ${rate}`);
  if (!Number.isInteger(seed)) throw new TypeError(`A seed is a whole number; not ${seed}`);
  const chance = mulberry32(seed * 2 + (from === 'client' ? 0 : 1));
  const ordinals = Array.from({ length: COUNTED }, (_, index) => index + 1).filter(() => chance() < rate);
  // A set without an element is no rule of nft's.
  return ordinals.length === 0 ? [COUNTED] : ordinals;
}

/** Tommy Ettinger's mulberry32: 32 bits of state, the same numbers everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
