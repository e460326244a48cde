import { plainAddress } from '../model/endpoint.ts';
import { u8, u16 } from './big-endian.ts';
import { cutShort } from './decode-issue.ts';
import { type IpLayer, type IpPacket, lengthOrRest } from './ip.ts';

/** Byte offsets of the IPv6 header. Source: RFC 8200 §3. */
const Field = { version: 0, payloadLength: 4, nextHeader: 6, source: 8, destination: 24 } as const;
const HEADER_BYTES = 40;

/** Extension headers start alike: next header, then length. Source: RFC 8200 §4. */
const Extension = { nextHeader: 0, length: 1, minBytes: 8 } as const;
const FragmentHeader = { offsetAndFlags: 2, bytes: 8 } as const;

const NO_NEXT_HEADER = 59;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Hop-by-hop, routing, destination options, mobility, HIP, shim6: length in 8-octet units, the first left out. */
const STEPPED_OVER: readonly number[] = [0, 43, 60, 135, 139, 140];

/** The IPv6 header at `offset` and the extension headers after it. */
export function decodeIpv6(bytes: Uint8Array, offset: number, originalBytes: number): IpLayer {
  const captured = bytes.length - offset;
  if (captured < HEADER_BYTES)
    return { end: offset, issue: cutShort('ipv6', offset, captured, HEADER_BYTES) };
  const version = u8(bytes, offset + Field.version) >>> 4;
  if (version !== 6) return { end: offset, issue: { layer: 'ipv6', offset, problem: `version ${version}` } };
  const nextHeader = u8(bytes, offset + Field.nextHeader);
  const payloadLength = u16(bytes, offset + Field.payloadLength);
  const start = offset + HEADER_BYTES;
  // Length 0 with a next header: offloaded, or a jumbogram (RFC 2675), which fills its frame too.
  const whole =
    nextHeader === NO_NEXT_HEADER ? payloadLength : lengthOrRest(payloadLength, start, originalBytes);
  const base = {
    version: 6 as const,
    source: ipv6Text(bytes, offset + Field.source),
    destination: ipv6Text(bytes, offset + Field.destination),
  };
  return stepOverExtensions(bytes, base, { nextHeader, start, packetEnd: start + whole });
}

interface ExtensionWalk {
  readonly nextHeader: number;
  readonly start: number;
  readonly packetEnd: number;
}

function stepOverExtensions(
  bytes: Uint8Array,
  base: Pick<IpPacket, 'version' | 'source' | 'destination'>,
  { nextHeader, start, packetEnd }: ExtensionWalk,
): IpLayer {
  let protocol = nextHeader;
  let at = start;
  let fragment: IpPacket['fragment'];
  while (isExtension(protocol) && (fragment?.offset ?? 0) === 0) {
    const captured = bytes.length - at;
    if (captured < Extension.minBytes) {
      return { end: at, issue: cutShort('ipv6', at, captured, Extension.minBytes) };
    }
    if (protocol === FRAGMENT) fragment = decodeFragment(bytes, at);
    const length = extensionBytes(protocol, u8(bytes, at + Extension.length));
    protocol = u8(bytes, at + Extension.nextHeader);
    at += length;
  }
  if (at > packetEnd) {
    const problem = `extension headers end ${at - packetEnd} bytes past the payload length`;
    return { end: Math.min(at, bytes.length), issue: { layer: 'ipv6', offset: start, problem } };
  }
  const packet: IpPacket = {
    ...base,
    protocol,
    payloadOffset: at,
    payloadBytes: packetEnd - at,
    ...(fragment === undefined ? {} : { fragment }),
  };
  return { packet, end: Math.min(at, bytes.length) };
}

function isExtension(protocol: number): boolean {
  return protocol === FRAGMENT || protocol === AUTHENTICATION || STEPPED_OVER.includes(protocol);
}

function extensionBytes(protocol: number, length: number): number {
  if (protocol === FRAGMENT) return FragmentHeader.bytes;
  // RFC 4302 §2.2: in 32-bit words, minus 2.
  if (protocol === AUTHENTICATION) return (length + 2) * 4;
  return (length + 1) * 8;
}

/** An atomic fragment (RFC 6946) is whole: no fragment. */
function decodeFragment(bytes: Uint8Array, at: number): IpPacket['fragment'] {
  const word = u16(bytes, at + FragmentHeader.offsetAndFlags);
  const offset = word & 0xfff8;
  const moreFollow = (word & 1) === 1;
  return offset > 0 || moreFollow ? { offset, moreFollow } : undefined;
}

/** Source: RFC 5952 §4; IPv4-mapped addresses are given as plain IPv4. */
export function ipv6Text(bytes: Uint8Array, offset: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => u16(bytes, offset + index * 2));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const v4 = [...bytes.subarray(offset + 12, offset + 16)].join('.');
    return plainAddress(`::ffff:${v4}`);
  }
  const { start, length } = longestZeroRun(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** The first of the longest. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}
