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
 * other, `CLOCK_REALTIME` was set in between, and no one offset is true of all times: the error then spans every
 * reading, so that nothing is placed closer than is known.
 * @returns undefined without a reading
 */
export function alignClocks(readings: readonly ClockReading[]): ClockMap | undefined {
  const [first, ...others] = readings.map(bounds);
  if (first === undefined) return undefined;
  const common = others.reduce((a, b) => ({ low: max(a.low, b.low), high: min(a.high, b.high) }), first);
  const { low, high } =
    common.low <= common.high
      ? common
      : others.reduce((a, b) => ({ low: min(a.low, b.low), high: max(a.high, b.high) }), first);
  const errorNs = (high - low + 1n) / 2n;
  return { offsetNs: low + errorNs, errorNs };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function bounds({ sentAfterNs, sentBeforeNs, capturedAtNs }: ClockReading): { low: bigint; high: bigint } {
  return { low: capturedAtNs - sentBeforeNs, high: capturedAtNs - sentAfterNs };
}
