import type { Endpoint } from './endpoint.ts';

/** Control bits of the TCP header, low byte first. Source: RFC 9293 §3.1; AE: RFC 9768. */
export const Flag = {
  FIN: 0x001,
  SYN: 0x002,
  RST: 0x004,
  PSH: 0x008,
  ACK: 0x010,
  URG: 0x020,
  ECE: 0x040,
  CWR: 0x080,
  AE: 0x100,
} as const;

export type FlagName = keyof typeof Flag;

/** The order in which people say flags: `SYN,ACK`, `FIN,PSH,ACK`. */
const SPOKEN_ORDER: readonly FlagName[] = ['SYN', 'FIN', 'RST', 'PSH', 'URG', 'ECE', 'CWR', 'AE', 'ACK'];

/** `SYN,ACK` for 0x12; `none` for 0. */
export function flagsText(flags: number): string {
  const names = SPOKEN_ORDER.filter((name) => (flags & Flag[name]) !== 0);
  return names.length === 0 ? 'none' : names.join(',');
}

/**
 * The flags word of a text such as `FIN,ACK`.
 * @throws TypeError naming a flag that does not exist.
 */
export function parseFlags(text: string): number {
  let flags = 0;
  for (const name of text.split(',')) {
    if (!Object.hasOwn(Flag, name)) {
      throw new TypeError(`Unknown TCP flag "${name}" in "${text}"; known: ${Object.keys(Flag).join(', ')}`);
    }
    flags |= Flag[name as FlagName];
  }
  return flags;
}

/** TCP options that finwait reads; an absent field means that the option was not there. */
export interface TcpOptions {
  /** Maximum segment size, octets. Source: RFC 9293 §3.7.1. */
  readonly mss?: number;
  /** Window scale shift count as sent, 0–255 (RFC 7323 §2.2 allows 14). */
  readonly windowScale?: number;
  /** Source: RFC 2018 §2. */
  readonly sackPermitted?: boolean;
  /** `[left, right)` sequence pairs. Source: RFC 2018 §3. */
  readonly sackBlocks?: readonly (readonly [left: number, right: number])[];
  /** Source: RFC 7323 §3.2. */
  readonly timestamps?: { readonly value: number; readonly echoReply: number };
}

/** One TCP segment as it crossed the wire. Its payload is never kept, only counted. */
export interface Segment {
  /** Ordinal of the frame in its capture, from 1. */
  readonly frame: number;
  /** Nanoseconds since the epoch on the capture's clock. */
  readonly capturedAtNs: bigint;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** Control bits as in {@link Flag}; illegal mixes are kept as they came. */
  readonly flags: number;
  /** Absolute, unsigned 32 bits. */
  readonly sequenceNumber: number;
  /** Absolute, unsigned 32 bits; meaningless without ACK. */
  readonly acknowledgmentNumber: number;
  /** The header's window field, unscaled. */
  readonly window: number;
  /** Octets of payload by the IP length, whether captured or not. */
  readonly payloadBytes: number;
  readonly options: TcpOptions;
}

/** True when every bit of `mask` is set. */
export function hasFlags(segment: Pick<Segment, 'flags'>, mask: number): boolean {
  return (segment.flags & mask) === mask;
}

/** Octets of sequence space the segment takes: payload, plus one for SYN, plus one for FIN. RFC 9293 §3.4. */
export function sequenceLength(segment: Pick<Segment, 'flags' | 'payloadBytes'>): number {
  const syn = (segment.flags & Flag.SYN) === 0 ? 0 : 1;
  const fin = (segment.flags & Flag.FIN) === 0 ? 0 : 1;
  return segment.payloadBytes + syn + fin;
}
