import type { Side } from '../model/connection.ts';

/** About how many segments are lost, and which ones. */
export interface Loss {
  /** Above 0, up to 1. */
  readonly rate: number;
  /** A whole number. */
  readonly seed: number;
}

/** Behind so many segments of a direction the same ones are lost again: nft takes no endless list. */
const PERIOD = 2000;

/**
 * Which segments of one direction are lost: the same for the same rate, seed and direction, on any machine; one at
 * least of each 2000, which follow each other alike.
 * @throws TypeError for a rate or seed that is none
 */
export function lossOf({ rate, seed }: Loss, from: Side): { readonly nth: number[]; readonly outOf: number } {
  if (!(rate > 0 && rate <= 1)) throw new TypeError(`A rate of loss lies above 0, up to 1; not ${rate}`);
  if (!Number.isInteger(seed)) throw new TypeError(`A seed is a whole number; not ${seed}`);
  const chance = mulberry32(seed * 2 + (from === 'client' ? 0 : 1));
  const nth = Array.from({ length: PERIOD }, (_, index) => index + 1).filter(() => chance() < rate);
  // A set without an element is no rule of nft's.
  return { nth: nth.length === 0 ? [PERIOD] : nth, outOf: PERIOD };
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
