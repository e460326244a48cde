import type { Hold } from '../model/observation.ts';
import type { ClockMap } from './clocks.ts';

/** Whose turn it was, of all that a gate counts. */
export interface Turns {
  /** Frames. */
  readonly chosen: ReadonlySet<number>;
  /** False when one came while the gate was being set: whether the kernel counted it nobody can tell. */
  readonly isCertain: boolean;
}

/** @returns undefined for a gate that does not count */
export function turnsOf(
  { counted, fromNs, askedNs = fromNs }: Hold,
  { offsetNs, errorNs }: ClockMap,
): Turns | undefined {
  if (counted === undefined) return undefined;
  const { outOf = Infinity, matching } = counted;
  const nth = new Set(counted.nth);
  // A gate whose beginning is exact has no margin to be unsure in.
  const marginNs = askedNs === fromNs ? 0n : errorNs;
  const since = matching.filter(({ capturedAtNs }) => capturedAtNs - offsetNs + marginNs >= askedNs);
  const surely = since.filter(({ capturedAtNs }) => capturedAtNs - offsetNs - marginNs >= fromNs);
  const chosen = surely.filter((_, index) => nth.has((index % outOf) + 1));
  return {
    chosen: new Set(chosen.map(({ frame }) => frame)),
    isCertain: surely.length === since.length,
  };
}
