import type { Range } from './segments/expected-segments.ts';

/** Exactly `times`, or at least so many; one or more where neither is said. @throws TypeError */
export function checkCount({
  times,
  atLeast,
}: {
  readonly times?: number;
  readonly atLeast?: number;
}): Range {
  if (times !== undefined && atLeast !== undefined) throw new TypeError('Either times or atLeast');
  const count = times ?? atLeast ?? 1;
  if (!Number.isSafeInteger(count) || count < 0) throw new TypeError(`Not a count: ${count}`);
  return times === undefined ? { min: count } : { min: count, max: count };
}
