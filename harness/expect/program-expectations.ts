/** Expectations of what a program lived to see, and of what it left behind. */
import { checkSide, type Side } from '../model/connection.ts';
import { checkState, type TcpState } from '../model/tcp-state.ts';
import { rejectUnknownOptions } from '../options.ts';
import { checkCount } from './check-count.ts';
import type { Range } from './segments/expected-segments.ts';

export type ProgramExpectation =
  | {
      readonly kind: 'event';
      readonly side: Side;
      readonly name: string;
      /** Of an error. */
      readonly code?: string;
      /** `max: 0`: never. */
      readonly times: Range;
    }
  | { readonly kind: 'left in'; readonly side: Side; readonly state: TcpState };

/** Events that are observed; one of another name could never be met. */
const EVENTS: readonly string[] = [
  'connection',
  'connect',
  'data',
  'end',
  'finish',
  'drain',
  'timeout',
  'error',
  'close',
];

/**
 * The socket of `side` emitted the event: `connect`, `data`, `end`, `finish`, `drain`, `timeout`, `error`, `close`; or
 * its server did, `connection`.
 * @param options.code of an `error`: `ECONNRESET`
 * @param options.times exactly so often @default once or more
 */
export function emitted(
  side: Side,
  name: string,
  options: { readonly code?: string; readonly times?: number } = {},
): ProgramExpectation {
  rejectUnknownOptions(options, ['code', 'times']);
  const { code, times } = options;
  return {
    kind: 'event',
    side: checkSide(side),
    name: checkEvent(name, code),
    ...(code !== undefined && { code }),
    times: checkCount(times === undefined ? {} : { times }),
  };
}

/** The socket of `side` never emitted the event, as long as it was watched. */
export function neverEmitted(
  side: Side,
  name: string,
  options: { readonly code?: string } = {},
): ProgramExpectation {
  rejectUnknownOptions(options, ['code']);
  return emitted(side, name, { ...options, times: 0 });
}

/**
 * Behind the last segment `ss` shows `side` in this state: a leak, if that is `CLOSE-WAIT`.
 * `CLOSED` means "not listed".
 */
export function leftIn(side: Side, state: TcpState): ProgramExpectation {
  return { kind: 'left in', side: checkSide(side), state: checkState(state) };
}

function checkEvent(name: string, code: string | undefined): string {
  if (!EVENTS.includes(name)) throw new TypeError(`Unknown event "${name}"; known: ${EVENTS.join(', ')}`);
  if (code !== undefined && name !== 'error') throw new TypeError(`Only an error has a code, not "${name}"`);
  return name;
}
