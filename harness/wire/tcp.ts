import type { TcpOptions } from '../model/segment.ts';
import { u16, u32 } from './big-endian.ts';
import { cutShort, type DecodeIssue } from './decode-issue.ts';
import { decodeTcpOptions } from './tcp-options.ts';

/** A TCP header, on its own: addresses are IP's, times are the capture's. */
export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequenceNumber: number;
  readonly acknowledgmentNumber: number;
  /** Control bits as in the model's Flag, all nine. */
  readonly flags: number;
  readonly window: number;
  /** TCP header length in bytes (wire field × 4): 20–60. Source: RFC 9293 §3.1, "Data Offset". */
  readonly headerBytes: number;
  /** Octets of payload by the IP length, whether captured or not. */
  readonly payloadBytes: number;
  readonly options: TcpOptions;
}

export interface TcpLayer {
  /** Present together with a `tcp-options` issue when only the options are bad or cut. */
  readonly header?: TcpHeader;
  /** End of the header, as far as captured. */
  readonly end: number;
  readonly issue?: DecodeIssue;
}

/** Byte offsets of the TCP header. Source: RFC 9293 §3.1. */
const Field = {
  sourcePort: 0,
  destinationPort: 2,
  sequenceNumber: 4,
  acknowledgmentNumber: 8,
  dataOffsetAndFlags: 12,
  window: 14,
  options: 20,
} as const;
const MIN_HEADER_BYTES = 20;
/** Eight control bits and AE (RFC 9768). */
const FLAGS_MASK = 0x1ff;

/** The TCP header at `offset` of an IP payload of `ipPayloadBytes`. */
export function decodeTcp(bytes: Uint8Array, offset: number, ipPayloadBytes: number): TcpLayer {
  const captured = bytes.length - offset;
  if (captured < MIN_HEADER_BYTES) {
    return { end: bytes.length, issue: cutShort('tcp', offset, captured, MIN_HEADER_BYTES) };
  }
  const offsetAndFlags = u16(bytes, offset + Field.dataOffsetAndFlags);
  const dataOffsetWords = offsetAndFlags >>> 12;
  const headerBytes = dataOffsetWords * 4;
  if (headerBytes < MIN_HEADER_BYTES) {
    return broken(offset, `data offset ${dataOffsetWords} words is below 5`);
  }
  if (headerBytes > ipPayloadBytes) {
    const problem = `header of ${headerBytes} bytes exceeds the packet's ${ipPayloadBytes}`;
    return broken(offset, problem);
  }
  const { options, issue } = decodeTcpOptions(bytes, offset + Field.options, offset + headerBytes);
  const header: TcpHeader = {
    sourcePort: u16(bytes, offset + Field.sourcePort),
    destinationPort: u16(bytes, offset + Field.destinationPort),
    sequenceNumber: u32(bytes, offset + Field.sequenceNumber),
    acknowledgmentNumber: u32(bytes, offset + Field.acknowledgmentNumber),
    flags: offsetAndFlags & FLAGS_MASK,
    window: u16(bytes, offset + Field.window),
    headerBytes,
    payloadBytes: ipPayloadBytes - headerBytes,
    options,
  };
  const end = Math.min(offset + headerBytes, bytes.length);
  return { header, end, ...(issue === undefined ? {} : { issue }) };
}

/** The fixed part was there; where the header ends nobody can say. */
function broken(offset: number, problem: string): TcpLayer {
  const issue: DecodeIssue = { layer: 'tcp', offset: offset + Field.dataOffsetAndFlags, problem };
  return { end: offset + MIN_HEADER_BYTES, issue };
}
