import type { Packet } from '../model/packet.ts';
import { i32, u8, u16 } from './big-endian.ts';
import { addWords, foldedIsRight } from './checksum.ts';
import { Problem } from './decode-issue.ts';
import { type Decoding, Layer } from './decoding.ts';
import { keepFirstHeader } from './fragment-table.ts';
import { protocolLayer } from './ip-protocol.ts';

/** Byte offsets of the IPv4 header. Source: RFC 791 §3.1. */
const Field = {
  versionAndLength: 0,
  totalLength: 2,
  identification: 4,
  flagsAndFragmentOffset: 6,
  protocol: 9,
  source: 12,
  destination: 16,
} as const;
const MIN_HEADER_BYTES = 20;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET_MASK = 0x1fff;

/** The IPv4 header; its options are stepped over. */
export function decodeIpv4(bytes: Uint8Array, packet: Packet, decoding: Decoding): number {
  const { at, end } = decoding;
  if (end - at < MIN_HEADER_BYTES) return decoding.cut('ipv4', at, MIN_HEADER_BYTES);
  const versionAndLength = u8(bytes, at + Field.versionAndLength);
  const headerBytes = (versionAndLength & 0x0f) << 2;
  const lengthField = u16(bytes, at + Field.totalLength);
  // Segmentation offload hands packets to the tap with length 0: the frame's length must tell then.
  const totalBytes = lengthField === 0 ? Math.max(decoding.wireEnd - at, 0) : lengthField;
  if (versionAndLength >>> 4 !== 4 || headerBytes < MIN_HEADER_BYTES || totalBytes < headerBytes) {
    return broken(decoding, versionAndLength, totalBytes);
  }
  if (end - at < headerBytes) return decoding.cut('ipv4', at, headerBytes);
  packet.ipVersion = 4;
  packet.source0 = 0;
  packet.source1 = 0;
  packet.source2 = 0;
  packet.source3 = i32(bytes, at + Field.source);
  packet.destination0 = 0;
  packet.destination1 = 0;
  packet.destination2 = 0;
  packet.destination3 = i32(bytes, at + Field.destination);
  packet.ipBytes = totalBytes;
  packet.ipLengthIsZero = lengthField === 0 ? 1 : 0;
  decoding.narrow(at + totalBytes);
  decoding.step(headerBytes);
  if (decoding.checksums) decoding.ipChecksum = headerChecksum(bytes, at, headerBytes);
  const protocol = u8(bytes, at + Field.protocol);
  const fragmentWord = u16(bytes, at + Field.flagsAndFragmentOffset);
  if ((fragmentWord & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK)) === 0) return protocolLayer(protocol);
  const fragment = {
    identification: u16(bytes, at + Field.identification),
    protocol,
    offset: (fragmentWord & FRAGMENT_OFFSET_MASK) * 8,
    moreFollow: (fragmentWord & MORE_FRAGMENTS) !== 0,
    headerBytes,
  };
  keepFirstHeader(bytes, fragment, decoding);
  return decoding.fragments?.add(fragment, bytes, packet, decoding) ?? Layer.FRAGMENT;
}

/** A packet of length 0 was handed over for offload, before its checksums were made. */
function headerChecksum(bytes: Uint8Array, at: number, headerBytes: number): number {
  if (u16(bytes, at + Field.totalLength) === 0) return -1;
  return foldedIsRight(addWords(0, bytes, at, at + headerBytes)) ? 1 : 0;
}

function broken(decoding: Decoding, versionAndLength: number, totalBytes: number): number {
  const { at } = decoding;
  const version = versionAndLength >>> 4;
  const headerWords = versionAndLength & 0x0f;
  if (version !== 4) return decoding.stop('ipv4', at, Problem.IP_VERSION, version);
  if (headerWords < 5) return decoding.stop('ipv4', at, Problem.IP_HEADER_LENGTH, headerWords);
  return decoding.stop('ipv4', at + Field.totalLength, Problem.IP_TOTAL_LENGTH, totalBytes, headerWords * 4);
}
