import type { ClockReading } from '../model/observation.ts';

/** How monotonic times become times of the capture's clock. */
export interface ClockMap {
  /** Add to a monotonic ns to get ns since the epoch. */
  readonly offsetNs: bigint;
  /** The true offset lies within ± this of `offsetNs`. */
  readonly errorNs: bigint;
}

/**
 * The offset between the two clocks, from markers that were captured between two monotonic times.
 * Each reading bounds the offset from both sides; all of them together bound it best. When they contradict each
 * other, `CLOCK_REALTIME` was stepped or slewed in between, and the newest reading alone is taken.
 * @returns undefined without a reading
 */
export function alignClocks(readings: readonly ClockReading[]): ClockMap | undefined {
  const newest = readings.at(-1);
  if (newest === undefined) return undefined;
  let { low, high } = bounds(newest);
  for (const reading of readings) {
    const other = bounds(reading);
    if (other.low > low) low = other.low;
    if (other.high < high) high = other.high;
  }
  if (low > high) ({ low, high } = bounds(newest));
  const errorNs = (high - low + 1n) / 2n;
  return { offsetNs: low + errorNs, errorNs };
}

function bounds({ sentAfterNs, sentBeforeNs, capturedAtNs }: ClockReading): { low: bigint; high: bigint } {
  return { low: capturedAtNs - sentBeforeNs, high: capturedAtNs - sentAfterNs };
}
