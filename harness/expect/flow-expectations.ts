/** Expectations of what happens while a connection lives: windows, probes, attempts that nobody answers. */
import { checkSide, type Side } from '../model/connection.ts';
import { rejectUnknownOptions } from '../options.ts';
import { checkCount } from './check-count.ts';
import type { Range } from './segments/expected-segments.ts';

/** Why a probe was sent: to see whether the other end lives, or whether its window has opened. */
export type ProbeKind = 'keep-alive' | 'zero window';

export type FlowExpectation =
  | { readonly kind: 'simultaneous open' }
  | { readonly kind: 'simultaneous close' }
  | { readonly kind: 'unanswered'; readonly tries?: Range }
  | { readonly kind: 'abandoned'; readonly by: Side }
  | { readonly kind: 'data after FIN'; readonly by: Side; readonly bytes: Range }
  | { readonly kind: 'zero window'; readonly by: Side; readonly reopens?: boolean }
  | {
      readonly kind: 'probes';
      readonly by: Side;
      readonly of: ProbeKind;
      readonly times: Range;
      readonly answered?: boolean;
    }
  | { readonly kind: 'connections'; readonly times: Range };

/** Both ends sent a SYN before either had the other's, and both were established. RFC 9293 §3.5, Figure 7. */
export function simultaneousOpen(): FlowExpectation {
  return { kind: 'simultaneous open' };
}

/** The FINs crossed, and both were acknowledged. RFC 9293 §3.6, Figure 13. */
export function simultaneousClose(): FlowExpectation {
  return { kind: 'simultaneous close' };
}

/**
 * The client's SYN brings no answer that arrives: the server never speaks, or a gate keeps all that it says.
 * @param options.tries SYNs that the client sends, the first included @default one or more
 */
export function unanswered(options: { readonly tries?: number } = {}): FlowExpectation {
  rejectUnknownOptions(options, ['tries']);
  const { tries } = options;
  return { kind: 'unanswered', ...(tries !== undefined && { tries: checkCount({ times: tries }) }) };
}

/**
 * `by` gave up: what it sent last was never acknowledged, neither end sent a RST, and `ss` lists its socket no more.
 * RFC 9293 §3.8.3.
 */
export function abandoned(options: { readonly by: Side }): FlowExpectation {
  rejectUnknownOptions(options, ['by']);
  return { kind: 'abandoned', by: checkSide(options.by) };
}

/**
 * `by` sent data after it had received the other end's FIN.
 * @param options.bytes exactly so many octets @default one or more
 */
export function dataAfterFin(options: { readonly by: Side; readonly bytes?: number }): FlowExpectation {
  rejectUnknownOptions(options, ['by', 'bytes']);
  const { by, bytes } = options;
  return {
    kind: 'data after FIN',
    by: checkSide(by),
    bytes: checkCount(bytes === undefined ? {} : { times: bytes }),
  };
}

/**
 * `by` closed its receive window: it cannot take more. RFC 9293 §3.8.6.
 * @param options.reopens whether it opened it again @default either
 */
export function zeroWindow(options: { readonly by: Side; readonly reopens?: boolean }): FlowExpectation {
  rejectUnknownOptions(options, ['by', 'reopens']);
  const { by, reopens } = options;
  return { kind: 'zero window', by: checkSide(by), ...(reopens !== undefined && { reopens }) };
}

/**
 * `by` sent probes: segments that repeat the octet before its next, and carry at most that one.
 * @param options.of `keep-alive` (RFC 9293 §3.8.4), or `zero window` (§3.8.6.1) where the other end's window is closed
 * @param options.times exactly so many @default one or more
 * @param options.answered whether the other end answered the last of them, or none at all (a kernel limits how often it
 * answers) @default either
 */
export function probes(options: {
  readonly by: Side;
  readonly of: ProbeKind;
  readonly times?: number;
  readonly atLeast?: number;
  readonly answered?: boolean;
}): FlowExpectation {
  rejectUnknownOptions(options, ['by', 'of', 'times', 'atLeast', 'answered']);
  const { by, of, answered } = options;
  const kinds: readonly string[] = ['keep-alive', 'zero window'];
  if (!kinds.includes(of)) throw new TypeError(`Probes are of ${kinds.join(' or ')}, not "${of}"`);
  return {
    kind: 'probes',
    by: checkSide(by),
    of,
    times: checkCount(options),
    ...(answered !== undefined && { answered }),
  };
}

/** The timeline has so many connections: exactly `times`, or at least so many. */
export function connectionCount(options: {
  readonly times?: number;
  readonly atLeast?: number;
}): FlowExpectation {
  rejectUnknownOptions(options, ['times', 'atLeast']);
  return { kind: 'connections', times: checkCount(options) };
}
