import { checkSide, type Side } from '../model/connection.ts';
import { checkState, type TcpState } from '../model/tcp-state.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { FlowExpectation } from './flow-expectations.ts';
import type { ProgramExpectation } from './program-expectations.ts';
import type { SegmentExpectation } from './segment-expectations.ts';

/** Why an end sent a RST, as far as calls, queues and segments tell. */
export type ResetCause = 'unread data' | 'resetAndDestroy' | 'data after close';

const RESET_CAUSES: readonly ResetCause[] = ['unread data', 'resetAndDestroy', 'data after close'];

/** What is expected of a connection, as plain data: it can be printed, stored and judged later. */
export type Expectation =
  | { readonly kind: 'handshake' }
  | { readonly kind: 'orderly close'; readonly by: Side; readonly segments?: 3 | 4 }
  | { readonly kind: 'half-close'; readonly by: Side; readonly dataAfter: boolean }
  | {
      readonly kind: 'reset';
      readonly by: Side;
      readonly receiverIn?: TcpState;
      readonly because?: ResetCause;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'states'; readonly side: Side; readonly states: readonly TcpState[] }
  | { readonly kind: 'nothing left open' }
  | SegmentExpectation
  | FlowExpectation
  | ProgramExpectation;

/** SYN, SYN,ACK, ACK, each acknowledgement one beyond the other's initial sequence number. RFC 9293 §3.5. */
export function handshake(): Expectation {
  return { kind: 'handshake' };
}

/**
 * Both directions closed by a FIN that was acknowledged, the first by `by`, and no RST before that. RFC 9293 §3.6.
 * FINs that crossed are a simultaneous close: neither side was first.
 * @param options.segments insist on a close in so many segments; left out, three and four are both legal
 */
export function orderlyClose(options: { readonly by: Side; readonly segments?: 3 | 4 }): Expectation {
  rejectUnknownOptions(options, ['by', 'segments']);
  const { by, segments } = options;
  if (segments !== undefined && ![3, 4].includes(segments))
    throw new TypeError('A close takes 3 or 4 segments');
  return { kind: 'orderly close', by: checkSide(by), ...(segments !== undefined && { segments }) };
}

/**
 * `by` sends its FIN while the other side's direction stays open, and later closes in order. RFC 9293 §3.6.1.
 * @param options.dataAfter whether the other side must send data after it has received the FIN @default true
 */
export function halfClose(options: { readonly by: Side; readonly dataAfter?: boolean }): Expectation {
  rejectUnknownOptions(options, ['by', 'dataAfter']);
  return { kind: 'half-close', by: checkSide(options.by), dataAfter: options.dataAfter ?? true };
}

/**
 * A RST sent by `by` ends the established connection. RFC 9293 §3.5.2.
 * @param options.receiverIn the state in which the other end is when the RST arrives, by RFC 9293's table; then it need
 * not be established
 * @param options.because `unread data`: destroyed while octets lay unread (RFC 1122 §4.2.2.13); `resetAndDestroy`: the
 * program asked for it; `data after close`: octets came for a socket that its program had closed
 */
export function reset(options: {
  readonly by: Side;
  readonly receiverIn?: TcpState;
  readonly because?: ResetCause;
}): Expectation {
  rejectUnknownOptions(options, ['by', 'receiverIn', 'because']);
  const { by, receiverIn, because } = options;
  if (because !== undefined && !RESET_CAUSES.includes(because)) {
    throw new TypeError(`Unknown cause "${because}"; known: ${RESET_CAUSES.join(', ')}`);
  }
  return {
    kind: 'reset',
    by: checkSide(by),
    ...(receiverIn !== undefined && { receiverIn: checkState(receiverIn) }),
    ...(because !== undefined && { because }),
  };
}

/** The SYN is answered by a RST that acknowledges it. RFC 9293 §3.10.7.1. */
export function refused(): Expectation {
  return { kind: 'refused' };
}

/**
 * `ss` shows `side` in these states, in this order; others may lie between.
 * `CLOSED` means "not listed any more".
 */
export function states(side: Side, first: TcpState, ...others: readonly TcpState[]): Expectation {
  return { kind: 'states', side: checkSide(side), states: [first, ...others].map(checkState) };
}

/** In the last snapshot neither end is listed, or only in TIME-WAIT. */
export function nothingLeftOpen(): Expectation {
  return { kind: 'nothing left open' };
}
