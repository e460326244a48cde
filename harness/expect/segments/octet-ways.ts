import type { Unit } from './arrivals.ts';
import type { UnitDemand } from './demand.ts';

/** A way to share a unit's octets between a demand and whatever comes behind it. */
export interface Way {
  readonly isEnough: boolean;
  /** Octets of the demand that have come then. */
  readonly octets: number;
  /** Octets of the unit that were taken now, and that are left. */
  readonly taken: number;
  readonly left: number;
}

/**
 * A demand for octets ends where it is full, or, if it has enough by then, where the segment ends.
 * @param come octets that it has already
 * @param used octets of the unit that others have taken
 */
export function waysThrough(demand: UnitDemand, come: number, found: Unit, used: number): Way[] {
  if (found.kind !== 'data') return [{ isEnough: true, octets: 1, taken: 1, left: 0 }];
  const { min, max = Infinity } = demand.octets;
  const available = found.octets - used;
  const taken = Math.min(available, max - come);
  const octets = come + taken;
  const left = available - taken;
  const way = { octets, taken, left };
  const isFull = octets === max;
  const ways: Way[] = [];
  if (octets >= min && (isFull || left === 0)) ways.push({ ...way, isEnough: true });
  // Without an upper bound more than enough is no news.
  if (!isFull)
    ways.push({ ...way, isEnough: false, octets: max === Infinity ? Math.min(octets, min) : octets });
  return ways;
}
