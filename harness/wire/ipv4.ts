import { u8, u16 } from './big-endian.ts';
import { cutShort } from './decode-issue.ts';
import { type IpLayer, lengthOrRest } from './ip.ts';

/** Byte offsets of the IPv4 header. Source: RFC 791 §3.1. */
const Field = {
  versionAndLength: 0,
  totalLength: 2,
  flagsAndFragmentOffset: 6,
  protocol: 9,
  source: 12,
  destination: 16,
} as const;
const MIN_HEADER_BYTES = 20;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET_MASK = 0x1fff;

/** The IPv4 header at `offset`; its options are stepped over. */
export function decodeIpv4(bytes: Uint8Array, offset: number, originalBytes: number): IpLayer {
  const captured = bytes.length - offset;
  if (captured < MIN_HEADER_BYTES) return { end: offset, issue: cutShort('ipv4', offset, captured, 20) };
  const version = u8(bytes, offset) >>> 4;
  const headerWords = u8(bytes, offset + Field.versionAndLength) & 0x0f;
  const headerBytes = headerWords * 4;
  const lengthField = u16(bytes, offset + Field.totalLength);
  const totalBytes = lengthOrRest(lengthField, offset, originalBytes);
  if (version !== 4) return broken(offset, `version ${version}`);
  if (headerBytes < MIN_HEADER_BYTES) return broken(offset, `header length ${headerWords} words is below 5`);
  if (totalBytes < headerBytes) {
    return broken(
      offset + Field.totalLength,
      `total length ${totalBytes} is below the header's ${headerBytes}`,
    );
  }
  if (captured < headerBytes) {
    return { end: bytes.length, issue: cutShort('ipv4', offset, captured, headerBytes) };
  }
  const fragmentWord = u16(bytes, offset + Field.flagsAndFragmentOffset);
  const fragmentOffset = (fragmentWord & FRAGMENT_OFFSET_MASK) * 8;
  const moreFollow = (fragmentWord & MORE_FRAGMENTS) !== 0;
  const payloadOffset = offset + headerBytes;
  const packet = {
    version: 4 as const,
    source: ipv4Text(bytes, offset + Field.source),
    destination: ipv4Text(bytes, offset + Field.destination),
    protocol: u8(bytes, offset + Field.protocol),
    payloadOffset,
    payloadBytes: totalBytes - headerBytes,
    ...(fragmentOffset > 0 || moreFollow ? { fragment: { offset: fragmentOffset, moreFollow } } : {}),
  };
  return { packet, end: payloadOffset };
}

function ipv4Text(bytes: Uint8Array, offset: number): string {
  return `${u8(bytes, offset)}.${u8(bytes, offset + 1)}.${u8(bytes, offset + 2)}.${u8(bytes, offset + 3)}`;
}

function broken(offset: number, problem: string): IpLayer {
  return { end: offset, issue: { layer: 'ipv4', offset, problem } };
}
