import type { Packet } from '../model/packet.ts';
import { i32, u16 } from './big-endian.ts';
import { tcpChecksumIsRight } from './checksum.ts';
import { Problem } from './decode-issue.ts';
import { decodeTcpOptions } from './decode-tcp-options.ts';
import { type Decoding, Layer } from './decoding.ts';

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

/** NOP, NOP, TIMESTAMPS of 10 octets: all that most segments carry (RFC 7323, appendix A). */
const TIMESTAMPS_ONLY = 0x0101080a;
const TIMESTAMPS_ONLY_HEADER_BYTES = 32;

/** The TCP header. */
export function decodeTcp(bytes: Uint8Array, packet: Packet, decoding: Decoding): number {
  const { at, end } = decoding;
  const ipPayloadBytes = decoding.wireEnd - at;
  if (end - at < MIN_HEADER_BYTES) return tooShort(ipPayloadBytes, decoding);
  const offsetAndFlags = u16(bytes, at + Field.dataOffsetAndFlags);
  const headerBytes = (offsetAndFlags >>> 12) << 2;
  if (headerBytes < MIN_HEADER_BYTES || headerBytes > ipPayloadBytes) {
    return broken(headerBytes, ipPayloadBytes, decoding);
  }
  packet.sourcePort = u16(bytes, at + Field.sourcePort);
  packet.destinationPort = u16(bytes, at + Field.destinationPort);
  packet.sequenceNumber = i32(bytes, at + Field.sequenceNumber);
  packet.acknowledgmentNumber = i32(bytes, at + Field.acknowledgmentNumber);
  packet.flags = offsetAndFlags & FLAGS_MASK;
  packet.window = u16(bytes, at + Field.window);
  packet.payloadBytes = ipPayloadBytes - headerBytes;
  packet.checksum = decoding.checksums ? verify(bytes, packet, decoding) : -1;
  packet.mss = -1;
  packet.windowScale = -1;
  packet.sackPermitted = 0;
  packet.fastOpen = 0;
  packet.sackBlockCount = 0;
  const options = at + Field.options;
  if (
    headerBytes === TIMESTAMPS_ONLY_HEADER_BYTES &&
    end - at >= TIMESTAMPS_ONLY_HEADER_BYTES &&
    i32(bytes, options) === TIMESTAMPS_ONLY
  ) {
    packet.hasTimestamps = 1;
    packet.timestampValue = i32(bytes, options + 4);
    packet.timestampEcho = i32(bytes, options + 8);
  } else {
    packet.hasTimestamps = 0;
    packet.timestampValue = 0;
    packet.timestampEcho = 0;
    if (headerBytes > MIN_HEADER_BYTES) decodeTcpOptions(bytes, options, at + headerBytes, packet, decoding);
  }
  decoding.step(headerBytes);
  return Layer.TCP;
}

function verify(bytes: Uint8Array, packet: Packet, decoding: Decoding): number {
  const { at, end, wireEnd, ipChecksum } = decoding;
  if (ipChecksum === -1 || end < wireEnd) return -1;
  return ipChecksum === 1 && tcpChecksumIsRight(bytes, at, end, packet) ? 1 : 0;
}

function tooShort(ipPayloadBytes: number, decoding: Decoding): number {
  const { at } = decoding;
  if (ipPayloadBytes >= MIN_HEADER_BYTES) return decoding.cut('tcp', at, MIN_HEADER_BYTES);
  return decoding.stop('tcp', at, Problem.BEYOND_PACKET, MIN_HEADER_BYTES, ipPayloadBytes);
}

/** The fixed part is there; where the header ends nobody can say. */
function broken(headerBytes: number, ipPayloadBytes: number, decoding: Decoding): number {
  const offset = decoding.at + Field.dataOffsetAndFlags;
  decoding.step(MIN_HEADER_BYTES);
  return headerBytes < MIN_HEADER_BYTES
    ? decoding.stop('tcp', offset, Problem.DATA_OFFSET, headerBytes / 4)
    : decoding.stop('tcp', offset, Problem.BEYOND_PACKET, headerBytes, ipPayloadBytes);
}
