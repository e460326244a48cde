import type { Side } from '../model/connection.ts';
import { TCP_STATES, type TcpState } from '../model/tcp-state.ts';
import { rejectUnknownOptions } from '../options.ts';

/** What is expected of a connection, as plain data: it can be printed, stored and judged later. */
export type Expectation =
  | { readonly kind: 'handshake' }
  | { readonly kind: 'orderly close'; readonly by: Side; readonly segments?: 3 | 4 }
  | { readonly kind: 'half-close'; readonly by: Side; readonly dataAfter: boolean }
  | { readonly kind: 'reset'; readonly by: Side }
  | { readonly kind: 'refused' }
  | { readonly kind: 'states'; readonly side: Side; readonly states: readonly TcpState[] }
  | { readonly kind: 'nothing left open' };

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

/** A RST sent by `by` ends the established connection. RFC 9293 §3.5.2. */
export function reset(options: { readonly by: Side }): Expectation {
  rejectUnknownOptions(options, ['by']);
  return { kind: 'reset', by: checkSide(options.by) };
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
  const all = [first, ...others];
  for (const state of all) {
    if (!TCP_STATES.includes(state))
      throw new TypeError(`Unknown state "${state}"; known: ${TCP_STATES.join(', ')}`);
  }
  return { kind: 'states', side: checkSide(side), states: all };
}

/** In the last snapshot neither end is listed, or only in TIME-WAIT. */
export function nothingLeftOpen(): Expectation {
  return { kind: 'nothing left open' };
}

/** Programs without types can say anything. */
function checkSide(side: Side): Side {
  const sides: readonly string[] = ['client', 'server'];
  if (!sides.includes(side)) throw new TypeError(`A side is client or server, not "${side}"`);
  return side;
}

/** `client half-closed`: what the expectation says once it is met. */
export function describeExpectation(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'handshake':
      return 'handshake SYN, SYN,ACK, ACK';
    case 'orderly close':
      return `orderly close by the ${expectation.by}${expectation.segments ? ` in ${expectation.segments} segments` : ''}`;
    case 'half-close':
      return `${expectation.by} half-closed${expectation.dataAfter ? ', data came after it' : ''}`;
    case 'reset':
      return `reset by the ${expectation.by}`;
    case 'refused':
      return 'connection refused';
    case 'states':
      return `${expectation.side} ${expectation.states.join(' → ')} in ss`;
    case 'nothing left open':
      return 'nothing left open';
  }
}
