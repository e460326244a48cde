import type { Packet } from '../model/packet.ts';
import { i32, u8, u16 } from './big-endian.ts';
import { Problem } from './decode-issue.ts';
import { type Decoding, Layer } from './decoding.ts';
import { keepFirstHeader } from './fragment-table.ts';
import { IpProtocol, protocolLayer } from './ip-protocol.ts';

/** Byte offsets of the IPv6 header. Source: RFC 8200 §3. */
const Field = { version: 0, payloadLength: 4, nextHeader: 6, source: 8, destination: 24 } as const;
const HEADER_BYTES = 40;

/** Extension headers start alike: next header, then length. Source: RFC 8200 §4. */
const Extension = { nextHeader: 0, length: 1, minBytes: 8 } as const;
const Routing = { segmentsLeft: 3 } as const;
const Fragment = { offsetAndFlags: 2, identification: 4, bytes: 8 } as const;

const NextHeader = {
  HOP_BY_HOP: 0,
  ROUTING: 43,
  FRAGMENT: 44,
  NONE: 59,
  DESTINATION_OPTIONS: 60,
  MOBILITY: 135,
  HIP: 139,
  SHIM6: 140,
} as const;

/** The IPv6 header and the extension headers after it. */
export function decodeIpv6(bytes: Uint8Array, packet: Packet, decoding: Decoding): number {
  const { at, end } = decoding;
  if (end - at < HEADER_BYTES) return decoding.cut('ipv6', at, HEADER_BYTES);
  const version = u8(bytes, at + Field.version) >>> 4;
  if (version !== 6) return decoding.stop('ipv6', at, Problem.IP_VERSION, version);
  const nextHeader = u8(bytes, at + Field.nextHeader);
  const lengthField = u16(bytes, at + Field.payloadLength);
  // Length 0 with a next header: offloaded, or a jumbogram (RFC 2675), which fills its frame too.
  const wholeFrame = lengthField === 0 && nextHeader !== NextHeader.NONE;
  const payloadLength = wholeFrame ? Math.max(decoding.wireEnd - at - HEADER_BYTES, 0) : lengthField;
  packet.ipVersion = 6;
  packet.source0 = i32(bytes, at + Field.source);
  packet.source1 = i32(bytes, at + Field.source + 4);
  packet.source2 = i32(bytes, at + Field.source + 8);
  packet.source3 = i32(bytes, at + Field.source + 12);
  packet.destination0 = i32(bytes, at + Field.destination);
  packet.destination1 = i32(bytes, at + Field.destination + 4);
  packet.destination2 = i32(bytes, at + Field.destination + 8);
  packet.destination3 = i32(bytes, at + Field.destination + 12);
  packet.ipBytes = HEADER_BYTES + payloadLength;
  packet.ipLengthIsZero = wholeFrame ? 1 : 0;
  decoding.ipChecksum = wholeFrame ? -1 : 1;
  decoding.narrow(at + HEADER_BYTES + payloadLength);
  decoding.step(HEADER_BYTES);
  if (nextHeader === IpProtocol.TCP) return Layer.TCP_HEADER;
  return stepOverExtensions(nextHeader, bytes, packet, decoding);
}

function stepOverExtensions(
  nextHeader: number,
  bytes: Uint8Array,
  packet: Packet,
  decoding: Decoding,
): number {
  const start = decoding.at;
  let header = nextHeader;
  while (isExtension(header)) {
    const { at } = decoding;
    if (decoding.end - at < Extension.minBytes) return tooShort(start, decoding);
    const following = u8(bytes, at + Extension.nextHeader);
    if (header === NextHeader.FRAGMENT) {
      decoding.step(Fragment.bytes);
      const word = u16(bytes, at + Fragment.offsetAndFlags);
      // An atomic fragment (RFC 6946) is whole.
      if ((word & 0xfff9) !== 0) return takeFragment(following, word, bytes, packet, decoding);
    } else {
      // To the destination that the segments left name, not to the header's (RFC 8200 §8.1).
      if (header === NextHeader.ROUTING && u8(bytes, at + Routing.segmentsLeft) > 0) decoding.ipChecksum = -1;
      decoding.step(extensionBytes(header, u8(bytes, at + Extension.length)));
    }
    header = following;
  }
  if (decoding.at > decoding.wireEnd) return tooShort(start, decoding);
  return protocolLayer(header);
}

/** The packet ends within its extension headers: by its own length, or by the capture's. */
function tooShort(start: number, decoding: Decoding): number {
  const { at, wireEnd } = decoding;
  const needed = at > wireEnd ? at : at + Extension.minBytes;
  if (needed > wireEnd) return decoding.stop('ipv6', start, Problem.IP_EXTENSIONS, needed - wireEnd);
  return decoding.cut('ipv6', at, Extension.minBytes);
}

function isExtension(header: number): boolean {
  switch (header) {
    case NextHeader.HOP_BY_HOP:
    case NextHeader.ROUTING:
    case NextHeader.FRAGMENT:
    case NextHeader.DESTINATION_OPTIONS:
    case NextHeader.MOBILITY:
    case NextHeader.HIP:
    case NextHeader.SHIM6:
    case IpProtocol.AUTHENTICATION:
      return true;
    default:
      return false;
  }
}

/** In 8-octet units, the first left out; AH (RFC 4302 §2.2): in 32-bit words, minus 2. */
function extensionBytes(header: number, length: number): number {
  return header === IpProtocol.AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
}

function takeFragment(
  protocol: number,
  word: number,
  bytes: Uint8Array,
  packet: Packet,
  decoding: Decoding,
): number {
  const fragment = {
    identification: i32(bytes, decoding.at - Fragment.bytes + Fragment.identification),
    protocol,
    offset: word & 0xfff8,
    moreFollow: (word & 1) === 1,
    headerBytes: HEADER_BYTES,
  };
  keepFirstHeader(bytes, fragment, decoding);
  return decoding.fragments?.add(fragment, bytes, packet, decoding) ?? Layer.FRAGMENT;
}
