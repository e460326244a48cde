import { readOptions, TIMESTAMPS_ONLY, TIMESTAMPS_ONLY_HEADER_BYTES } from './options.ts';
import { Segment } from './segment.ts';

/** Link types. Source: https://www.tcpdump.org/linktypes.html */
const LINK_ETHERNET = 1;
const LINK_LINUX_SLL = 113;
const LINK_LINUX_SLL2 = 276;

/** Octets, and what they hold read as it lies, of what nearly all frames have. Source: IEEE 802.3; RFC 791; RFC 8200. */
const ETHER_TYPE_IPV4 = 0x0008;
const ETHER_TYPE_IPV6 = 0xdd86;
const V4_VERSION_AND_LENGTH = 0;
const V4_TOTAL_LENGTH = 2;
const V4_FRAGMENT = 6;
const V4_PROTOCOL = 9;
const V4_SOURCE = 12;
const V4_DESTINATION = 16;
const V4_BYTES = 20;
const V4_OF_20_BYTES = 0x45;
/** More fragments, or an offset. */
const V4_IS_FRAGMENT = 0xff3f;
const V6_VERSION = 0;
const V6_PAYLOAD_LENGTH = 4;
const V6_NEXT_HEADER = 6;
const V6_SOURCE = 8;
const V6_DESTINATION = 24;
const V6_BYTES = 40;
const PROTOCOL_TCP = 6;

/** Byte offsets of the TCP header. Source: RFC 9293 §3.1. */
const PORTS = 0;
const SEQUENCE_NUMBER = 4;
const ACKNOWLEDGMENT_NUMBER = 8;
const OFFSET_AND_FLAGS = 12;
const WINDOW = 14;
const OPTIONS = 20;
const TCP_BYTES = 20;
/** Eight control bits and AE (RFC 9768). */
const FLAGS_MASK = 0x1ff;

/** Where a frame's EtherType and what follows the link's header lie. */
let etherTypeAt: i32 = 0;
let ipAt: i32 = 0;

/** Frames are of that link type from here on. @returns whether it is one that is read here */
export function setLink(linkType: i32): bool {
  if (linkType === LINK_ETHERNET) {
    etherTypeAt = 12;
    ipAt = 14;
  } else if (linkType === LINK_LINUX_SLL) {
    etherTypeAt = 14;
    ipAt = 16;
  } else if (linkType === LINK_LINUX_SLL2) {
    etherTypeAt = 0;
    ipAt = 20;
  } else return false;
  return true;
}

/**
 * Reads a frame that carries TCP in IPv4 or IPv6 and nothing besides, as nearly all do: no tag, IP option or extension
 * header, fragment or tunnel; of its payload any part may be cut. Any other is for harness/wire/, which this agrees with
 * on those that it reads.
 * @param frame where it lies
 * @param number its ordinal in the capture
 * @returns whether it was such a frame; if not, of the segment that was there before some fields may be left
 */
export function readFrame(frame: usize, capturedBytes: i32, number: i32): bool {
  if (capturedBytes < ipAt) return false;
  const etherType = load<u16>(frame + etherTypeAt);
  const ip = frame + ipAt;
  const end = frame + capturedBytes;
  Segment.frame = number;
  if (etherType === ETHER_TYPE_IPV4) return ip + V4_BYTES <= end && readIpv4(ip, end);
  return etherType === ETHER_TYPE_IPV6 && ip + V6_BYTES <= end && readIpv6(ip, end);
}

function readIpv4(ip: usize, end: usize): bool {
  if (load<u8>(ip, V4_VERSION_AND_LENGTH) !== V4_OF_20_BYTES) return false;
  if (load<u8>(ip, V4_PROTOCOL) !== PROTOCOL_TCP) return false;
  if ((load<u16>(ip, V4_FRAGMENT) & V4_IS_FRAGMENT) !== 0) return false;
  Segment.ipVersion = 4;
  Segment.ipBytes = word16(ip + V4_TOTAL_LENGTH);
  Segment.source0 = 0;
  Segment.source1 = 0;
  Segment.source2 = 0;
  Segment.source3 = word32(ip + V4_SOURCE);
  Segment.destination0 = 0;
  Segment.destination1 = 0;
  Segment.destination2 = 0;
  Segment.destination3 = word32(ip + V4_DESTINATION);
  return readTcp(ip + V4_BYTES, Segment.ipBytes - V4_BYTES, end);
}

function readIpv6(ip: usize, end: usize): bool {
  if (load<u8>(ip, V6_VERSION) >>> 4 !== 6 || load<u8>(ip, V6_NEXT_HEADER) !== PROTOCOL_TCP) return false;
  Segment.ipVersion = 6;
  Segment.ipBytes = V6_BYTES + word16(ip + V6_PAYLOAD_LENGTH);
  Segment.source0 = word32(ip + V6_SOURCE);
  Segment.source1 = word32(ip + V6_SOURCE + 4);
  Segment.source2 = word32(ip + V6_SOURCE + 8);
  Segment.source3 = word32(ip + V6_SOURCE + 12);
  Segment.destination0 = word32(ip + V6_DESTINATION);
  Segment.destination1 = word32(ip + V6_DESTINATION + 4);
  Segment.destination2 = word32(ip + V6_DESTINATION + 8);
  Segment.destination3 = word32(ip + V6_DESTINATION + 12);
  return readTcp(ip + V6_BYTES, Segment.ipBytes - V6_BYTES, end);
}

/**
 * @param bytes of header and payload, captured or not; where the length field was 0 (offloading), fewer than a header
 * @param end of what was captured
 */
function readTcp(tcp: usize, bytes: i32, end: usize): bool {
  if (tcp + TCP_BYTES > end) return false;
  const offsetAndFlags = word16(tcp + OFFSET_AND_FLAGS);
  const headerBytes = (offsetAndFlags >>> 12) << 2;
  if (headerBytes < TCP_BYTES || headerBytes > bytes || tcp + headerBytes > end) return false;
  Segment.windowScale = -1;
  const isUsual = headerBytes === TIMESTAMPS_ONLY_HEADER_BYTES && load<u32>(tcp, OPTIONS) === TIMESTAMPS_ONLY;
  if (!isUsual && !readOptions(tcp + OPTIONS, tcp + headerBytes)) return false;
  Segment.ports = word32(tcp + PORTS);
  Segment.sequenceNumber = word32(tcp + SEQUENCE_NUMBER);
  Segment.acknowledgmentNumber = word32(tcp + ACKNOWLEDGMENT_NUMBER);
  Segment.flags = offsetAndFlags & FLAGS_MASK;
  Segment.window = word16(tcp + WINDOW);
  Segment.payloadBytes = bytes - headerBytes;
  Segment.isOdd = false;
  return true;
}

/** In network order. */
function word16(at: usize): i32 {
  return bswap<u16>(load<u16>(at));
}

/** In network order. */
function word32(at: usize): i32 {
  return bswap<i32>(load<i32>(at));
}
