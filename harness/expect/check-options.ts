import type { Side } from '../model/connection.ts';
import { TCP_STATES, type TcpState } from '../model/tcp-state.ts';
import type { Range } from './segments/expected-segments.ts';

/** Programs without types can say anything. @throws TypeError */
export function checkSide(side: Side): Side {
  const sides: readonly string[] = ['client', 'server'];
  if (!sides.includes(side)) throw new TypeError(`A side is client or server, not "${side}"`);
  return side;
}

/** @throws TypeError */
export function checkState(state: TcpState): TcpState {
  if (TCP_STATES.includes(state)) return state;
  throw new TypeError(`Unknown state "${state}"; known: ${TCP_STATES.join(', ')}`);
}

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
