/** Whole nanoseconds of seconds: captures have no finer times, and limits are exact. */
export function nanoseconds(seconds: number): number {
  return Math.round(seconds * 1e9);
}
