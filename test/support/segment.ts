/** Builders: segments, the frames that carry them, and pcap streams of frames. */
import { isIPv6 } from 'node:net';
import { parseFlags, type Segment, type TcpOptions } from '../../harness/model/segment.ts';
import { LinkType } from '../../harness/wire/link-type.ts';

export interface SegmentParts extends Partial<Omit<Segment, 'flags'>> {
  /** `FIN,ACK`, or the number. */
  readonly flags?: string | number;
}

/** A segment from 127.0.0.1:40000 to 127.0.0.1:7000; a bare ACK unless told otherwise. */
export function segment({ flags = 'ACK', ...parts }: SegmentParts = {}): Segment {
  return {
    frame: 1,
    capturedAtNs: 1_700_000_000_123_456_789n,
    source: { address: '127.0.0.1', port: 40_000 },
    destination: { address: '127.0.0.1', port: 7000 },
    flags: typeof flags === 'string' ? parseFlags(flags) : flags,
    sequenceNumber: 1000,
    acknowledgmentNumber: 2000,
    window: 512,
    payloadBytes: 0,
    options: {},
    ...parts,
  };
}

export interface PacketShape {
  /** IPv4 options, a multiple of 4 bytes. */
  readonly ipv4Options?: Uint8Array;
  /** IPv6 extension headers, each with its kind; the next-header bytes are filled in. */
  readonly extensions?: readonly { readonly kind: number; readonly bytes: Uint8Array }[];
  /** In place of the segment's options, a multiple of 4 bytes. */
  readonly tcpOptions?: Uint8Array | undefined;
  /** In place of the true IP length. */
  readonly ipLength?: number;
  /** IPv4: the flags and fragment offset word. */
  readonly fragmentWord?: number;
  /** IPv4: with the checksums that its two headers should have. @default false: they are 0 */
  readonly checksum?: boolean;
}

/** The IP packet of a segment; its payload is zeroes. */
export function encodePacket(segmentToSend: Segment, shape: PacketShape = {}): Uint8Array {
  const tcp = encodeTcp(segmentToSend, shape.tcpOptions ?? encodeOptions(segmentToSend.options));
  return isIPv6(segmentToSend.source.address)
    ? encodeIpv6(segmentToSend, tcp, shape)
    : encodeIpv4(segmentToSend, tcp, shape);
}

/** The link header of a type, for what the packet's first nibble says it is. */
export function encodeFrame(linkType: number, packet: Uint8Array): Uint8Array {
  const v6 = ((packet[0] ?? 0) & 0xf0) === 0x60;
  const etherType = v6 ? [0x86, 0xdd] : [0x08, 0x00];
  const headers: Readonly<Partial<Record<number, readonly number[]>>> = {
    [LinkType.NULL]: [v6 ? 10 : 2, 0, 0, 0],
    [LinkType.LOOP]: [0, 0, 0, v6 ? 24 : 2],
    [LinkType.ETHERNET]: [...zeroes(12), ...etherType],
    [LinkType.LINUX_SLL]: [...zeroes(14), ...etherType],
    [LinkType.LINUX_SLL2]: [...etherType, ...zeroes(18)],
  };
  return concat(Uint8Array.from(headers[linkType] ?? []), packet);
}

export interface PcapShape {
  readonly littleEndian?: boolean;
  readonly fractionNs?: 1000 | 1;
  readonly linkType?: number;
  readonly snapLength?: number;
  /** With Kuznetzov's records of 24 octets; of microseconds only. */
  readonly modified?: boolean;
  /** Whole seconds of each time that stand in its fraction. */
  readonly secondsInFraction?: number;
}

export interface FrameToWrite {
  readonly capturedAtNs: bigint;
  readonly bytes: Uint8Array;
  readonly originalBytes?: number;
}

/** A classic pcap stream. */
export function encodePcap(frames: readonly FrameToWrite[], shape: PcapShape = {}): Uint8Array {
  const { littleEndian = true, fractionNs = 1, linkType = LinkType.ETHERNET, snapLength = 128 } = shape;
  const { modified = false, secondsInFraction = 0 } = shape;
  const header = new DataView(new ArrayBuffer(24));
  const microseconds = modified ? 0xa1b2cd34 : 0xa1b2c3d4;
  header.setUint32(0, fractionNs === 1 ? 0xa1b23c4d : microseconds, littleEndian);
  header.setUint16(4, 2, littleEndian);
  header.setUint16(6, 4, littleEndian);
  header.setUint32(16, snapLength, littleEndian);
  header.setUint32(20, linkType, littleEndian);
  const records = frames.map(({ capturedAtNs, bytes, originalBytes = bytes.length }) => {
    const record = new DataView(new ArrayBuffer(modified && fractionNs === 1000 ? 24 : 16));
    const fraction = Number(capturedAtNs % 1_000_000_000n) + secondsInFraction * 1e9;
    record.setUint32(0, Number(capturedAtNs / 1_000_000_000n) - secondsInFraction, littleEndian);
    record.setUint32(4, fraction / fractionNs, littleEndian);
    record.setUint32(8, bytes.length, littleEndian);
    record.setUint32(12, originalBytes, littleEndian);
    return concat(new Uint8Array(record.buffer), bytes);
  });
  return concat(new Uint8Array(header.buffer), ...records);
}

function encodeTcp(from: Segment, options: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(20));
  header.setUint16(0, from.source.port);
  header.setUint16(2, from.destination.port);
  header.setUint32(4, from.sequenceNumber);
  header.setUint32(8, from.acknowledgmentNumber);
  header.setUint16(12, ((5 + options.length / 4) << 12) | from.flags);
  header.setUint16(14, from.window);
  return concat(new Uint8Array(header.buffer), options, new Uint8Array(from.payloadBytes));
}

/** NOPs first, as Linux does, to a multiple of four. */
function encodeOptions({ mss, windowScale, sackPermitted, sackBlocks, timestamps }: TcpOptions): Uint8Array {
  const bytes: number[] = [];
  if (mss !== undefined) bytes.push(2, 4, ...u16(mss));
  if (windowScale !== undefined) bytes.push(3, 3, windowScale);
  if (sackPermitted === true) bytes.push(4, 2);
  if (sackBlocks !== undefined) bytes.push(5, 2 + 8 * sackBlocks.length, ...sackBlocks.flat().flatMap(u32));
  if (timestamps !== undefined) bytes.push(8, 10, ...u32(timestamps.value), ...u32(timestamps.echoReply));
  while (bytes.length % 4 !== 0) bytes.unshift(1);
  return Uint8Array.from(bytes);
}

function encodeIpv4({ source, destination }: Segment, payload: Uint8Array, shape: PacketShape): Uint8Array {
  const { ipv4Options = new Uint8Array(), fragmentWord = 0x4000 } = shape;
  const headerBytes = 20 + ipv4Options.length;
  const header = new DataView(new ArrayBuffer(20));
  header.setUint8(0, 0x40 | (headerBytes / 4));
  header.setUint16(2, shape.ipLength ?? headerBytes + payload.length);
  header.setUint16(6, fragmentWord);
  header.setUint8(8, 64);
  header.setUint8(9, 6);
  const bytes = new Uint8Array(header.buffer);
  bytes.set(ipv4Bytes(source.address), 12);
  bytes.set(ipv4Bytes(destination.address), 16);
  const whole = concat(bytes, ipv4Options, payload);
  if (shape.checksum !== true) return whole;
  whole.set(checksumOf(whole.subarray(0, headerBytes)), 10);
  // RFC 9293 §3.1, "Checksum": a pseudo-header of addresses, protocol and length comes before the segment.
  const pseudoHeader = concat(bytes.subarray(12), Uint8Array.of(0, 6, ...u16(payload.length)));
  whole.set(checksumOf(concat(pseudoHeader, payload)), headerBytes + 16);
  return whole;
}

/** RFC 1071's, of octets whose own checksum is 0. */
function checksumOf(bytes: Uint8Array): number[] {
  let sum = 0;
  for (const [at, byte] of bytes.entries()) sum += at % 2 === 0 ? byte << 8 : byte;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return u16(~sum & 0xffff);
}

function encodeIpv6({ source, destination }: Segment, payload: Uint8Array, shape: PacketShape): Uint8Array {
  const { extensions = [] } = shape;
  const kinds = [...extensions.map(({ kind }) => kind), 6];
  const chain = extensions.map(({ bytes }, index) =>
    concat(Uint8Array.of(kinds[index + 1] ?? 6), bytes.slice(1)),
  );
  const body = concat(...chain, payload);
  const header = new DataView(new ArrayBuffer(40));
  header.setUint8(0, 0x60);
  header.setUint16(4, shape.ipLength ?? body.length);
  header.setUint8(6, kinds[0] ?? 6);
  header.setUint8(7, 64);
  const bytes = new Uint8Array(header.buffer);
  bytes.set(ipv6Bytes(source.address), 8);
  bytes.set(ipv6Bytes(destination.address), 24);
  return concat(bytes, body);
}

function ipv4Bytes(address: string): number[] {
  return address.split('.').map(Number);
}

function ipv6Bytes(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').flatMap((group) => u16(parseInt(group, 16)));
  const start = groups(head);
  const end = tail === undefined ? [] : groups(tail);
  return [...start, ...zeroes(16 - start.length - end.length), ...end];
}

function u16(value: number): number[] {
  return [value >>> 8, value & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

function zeroes(count: number): number[] {
  return new Array<number>(count).fill(0);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
