import { plainAddress } from '../../../harness/model/endpoint.ts';
import { enterIpProtocol } from './ip-protocol.ts';
import { captured, cut, type Decoded, type IpHeader, stopped, u8, u16, u32, type View } from './view.ts';

export function decodeIpv4(view: View): Decoded {
  if (captured(view) < 20) return cut(view, 'ipv4', 20);
  const version = u8(view, 0) >> 4;
  const words = u8(view, 0) % 16;
  const headerBytes = words * 4;
  const lengthField = u16(view, 2);
  const totalBytes = lengthField === 0 ? Math.max(view.wireEnd - view.at, 0) : lengthField;
  if (version !== 4) return stopped(view, 'ipv4', view.at, `version ${version}`);
  if (words < 5) return stopped(view, 'ipv4', view.at, `header length ${words} words is below 5`);
  if (totalBytes < headerBytes) {
    const problem = `total length ${totalBytes} is below the header's ${headerBytes}`;
    return stopped(view, 'ipv4', view.at + 2, problem);
  }
  if (captured(view) < headerBytes) return cut(view, 'ipv4', headerBytes);
  const ip: IpHeader = {
    version: 4,
    source: ipv4Text(view, 12),
    destination: ipv4Text(view, 16),
    bytes: totalBytes,
    checksum: lengthField === 0 ? 'unknown' : headerIsRight(view, words) ? 'right' : 'wrong',
  };
  const packet = narrowed(view, totalBytes, ip);
  const payload = { ...packet, at: view.at + headerBytes };
  const moreFollow = ((u16(view, 6) >> 13) & 1) === 1;
  const offset = (u16(view, 6) % 0x2000) * 8;
  const protocol = u8(view, 9);
  if (offset === 0 && !moreFollow) return enterIpProtocol(protocol, payload);
  const identification = u16(view, 4);
  return decodeFragment(payload, { identification, protocol, offset, moreFollow, headerBytes });
}

function narrowed(view: View, octets: number, ip: IpHeader): View {
  const wireEnd = view.at + octets;
  return { ...view, ip, wireEnd, end: Math.min(view.end, wireEnd) };
}

function ipv4Text(view: View, offset: number): string {
  return [0, 1, 2, 3].map((index) => u8(view, offset + index)).join('.');
}

function headerIsRight(view: View, words: number): boolean {
  let sum = 0;
  for (let index = 0; index < words * 2; index++) sum += u16(view, index * 2);
  return sum > 0 && sum % 0xffff === 0;
}

export interface FragmentHeader {
  readonly identification: number;
  readonly protocol: number;
  readonly offset: number;
  readonly moreFollow: boolean;
  readonly headerBytes: number;
}

function decodeFragment(view: View, header: FragmentHeader): Decoded {
  const headerBytes = Math.min(view.at + firstHeaderBytes(view, header), view.end);
  const whole = view.context.reassembly?.add(header, view);
  if (whole === undefined) return { outcome: 'fragment', headerBytes };
  const { outcome, issue, ip, tcp } = whole;
  return {
    outcome,
    headerBytes,
    ...(issue === undefined ? {} : { issue }),
    ...(ip === undefined ? {} : { ip }),
    ...(tcp === undefined ? {} : { tcp }),
  };
}

/** Octets of a TCP header that a first fragment starts with, as far as known. */
function firstHeaderBytes(view: View, { offset, protocol }: FragmentHeader): number {
  if (offset !== 0 || protocol !== 6) return 0;
  return captured(view) > 12 ? Math.max(20, (u8(view, 12) >> 4) * 4) : 20;
}

export function decodeIpv6(view: View): Decoded {
  if (captured(view) < 40) return cut(view, 'ipv6', 40);
  const version = u8(view, 0) >> 4;
  if (version !== 6) return stopped(view, 'ipv6', view.at, `version ${version}`);
  const nextHeader = u8(view, 6);
  const lengthField = u16(view, 4);
  const offloaded = lengthField === 0 && nextHeader !== 59;
  const payloadBytes = offloaded ? Math.max(view.wireEnd - view.at - 40, 0) : lengthField;
  const ip: IpHeader = {
    version: 6,
    source: ipv6Text(view, 8),
    destination: ipv6Text(view, 24),
    bytes: 40 + payloadBytes,
    checksum: offloaded ? 'unknown' : 'right',
  };
  const start = view.at + 40;
  return decodeExtension(nextHeader, { ...narrowed(view, 40 + payloadBytes, ip), at: start }, start);
}

const EXTENSIONS: readonly number[] = [0, 43, 44, 51, 60, 135, 139, 140];

function decodeExtension(header: number, view: View, start: number): Decoded {
  const isExtension = EXTENSIONS.includes(header);
  const past = view.at + (isExtension && view.at <= view.wireEnd ? 8 : 0) - view.wireEnd;
  if (past > 0) {
    const problem = `extension headers end ${past} bytes past the payload length`;
    return stopped(view, 'ipv6', start, problem);
  }
  if (!isExtension) return enterIpProtocol(header, view);
  if (captured(view) < 8) return cut(view, 'ipv6', 8);
  const following = u8(view, 0);
  if (header === 44) {
    const word = u16(view, 2);
    const fragment = {
      identification: u32(view, 4),
      protocol: following,
      offset: word & 0xfff8,
      moreFollow: word % 2 === 1,
      headerBytes: 40,
    };
    const after = { ...view, at: view.at + 8 };
    if (fragment.offset > 0 || fragment.moreFollow) return decodeFragment(after, fragment);
    return decodeExtension(following, after, start);
  }
  const length = header === 51 ? (u8(view, 1) + 2) * 4 : (u8(view, 1) + 1) * 8;
  const isRoutedOn = header === 43 && u8(view, 3) > 0;
  const ip = isRoutedOn && view.ip !== undefined ? { ...view.ip, checksum: 'unknown' as const } : view.ip;
  const after = { ...view, at: view.at + length, ...(ip === undefined ? {} : { ip }) };
  return decodeExtension(following, after, start);
}

/** The URL parser's serializer follows RFC 5952, apart from mapped addresses. */
function ipv6Text(view: View, offset: number): string {
  const groups = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => u16(view, offset + index * 2));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return plainAddress(`::ffff:${ipv4Text(view, offset + 12)}`);
  }
  const text = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}
