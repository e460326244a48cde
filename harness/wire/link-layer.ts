import { u8, u16, u32 } from './big-endian.ts';
import type { DecodeIssue } from './decode-issue.ts';
import { cutShort } from './decode-issue.ts';

/** Where the packet starts in a frame. A frame that carries no IP (ARP, LLC) has no `network` and no issue. */
export interface LinkLayer {
  /** Bytes of link header. */
  readonly headerBytes: number;
  readonly network?: 'ipv4' | 'ipv6';
  readonly issue?: DecodeIssue;
}

/** Link types by their number in the file. Source: https://www.tcpdump.org/linktypes.html */
export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  /** BSD's DLT_RAW; some files carry it in place of 101. */
  BSD_RAW: 12,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

const DECODERS: Readonly<Partial<Record<number, (bytes: Uint8Array) => LinkLayer>>> = {
  [LinkType.NULL]: decodeFamily,
  [LinkType.ETHERNET]: decodeEthernet,
  [LinkType.BSD_RAW]: decodeRaw,
  [LinkType.RAW]: decodeRaw,
  [LinkType.LOOP]: decodeFamily,
  [LinkType.LINUX_SLL]: (bytes) => decodeCooked(bytes, Sll),
  [LinkType.IPV4]: () => ({ headerBytes: 0, network: 'ipv4' }),
  [LinkType.IPV6]: () => ({ headerBytes: 0, network: 'ipv6' }),
  [LinkType.LINUX_SLL2]: (bytes) => decodeCooked(bytes, Sll2),
};

export function decodeLinkLayer(linkType: number, bytes: Uint8Array): LinkLayer {
  const decode = DECODERS[linkType];
  if (decode === undefined) {
    const issue: DecodeIssue = { layer: 'link', offset: 0, problem: `link type ${linkType} is not decoded` };
    return { headerBytes: 0, issue };
  }
  return decode(bytes);
}

const Ethernet = { etherType: 12, headerBytes: 14 } as const;
/** Source: IEEE 802.1Q: two bytes of tag, then the next EtherType. */
const Vlan = { etherType: 2, headerBytes: 4 } as const;
/** Source: RFC 2516 §4, then the two bytes of RFC 1661's protocol field. */
const PppoeSession = { pppProtocol: 6, headerBytes: 8 } as const;
const Sll = { etherType: 14, headerBytes: 16 } as const;
const Sll2 = { etherType: 0, headerBytes: 20 } as const;
const Family = { headerBytes: 4 } as const;

const EtherType = { IPV4: 0x0800, IPV6: 0x86dd, PPPOE_SESSION: 0x8864 } as const;
const VLAN_ETHER_TYPES: readonly number[] = [0x8100, 0x88a8, 0x9100];
const PppProtocol = { IPV4: 0x0021, IPV6: 0x0057 } as const;
const AF_INET = 2;
/** Linux, NetBSD/OpenBSD, FreeBSD, macOS. */
const AF_INET6: readonly number[] = [10, 24, 28, 30];

function decodeEthernet(bytes: Uint8Array): LinkLayer {
  if (bytes.length < Ethernet.headerBytes) return tooShort(bytes, 0, Ethernet.headerBytes);
  return decodeEtherType(bytes, u16(bytes, Ethernet.etherType), Ethernet.headerBytes);
}

function decodeCooked(bytes: Uint8Array, field: typeof Sll | typeof Sll2): LinkLayer {
  if (bytes.length < field.headerBytes) return tooShort(bytes, 0, field.headerBytes);
  return decodeEtherType(bytes, u16(bytes, field.etherType), field.headerBytes);
}

function decodeEtherType(bytes: Uint8Array, first: number, start: number): LinkLayer {
  let etherType = first;
  let offset = start;
  while (VLAN_ETHER_TYPES.includes(etherType)) {
    if (bytes.length - offset < Vlan.headerBytes) return tooShort(bytes, offset, Vlan.headerBytes);
    etherType = u16(bytes, offset + Vlan.etherType);
    offset += Vlan.headerBytes;
  }
  if (etherType === EtherType.PPPOE_SESSION) return decodePppoe(bytes, offset);
  if (etherType === EtherType.IPV4) return { headerBytes: offset, network: 'ipv4' };
  if (etherType === EtherType.IPV6) return { headerBytes: offset, network: 'ipv6' };
  return { headerBytes: offset };
}

function decodePppoe(bytes: Uint8Array, offset: number): LinkLayer {
  if (bytes.length - offset < PppoeSession.headerBytes) {
    return tooShort(bytes, offset, PppoeSession.headerBytes);
  }
  const protocol = u16(bytes, offset + PppoeSession.pppProtocol);
  const headerBytes = offset + PppoeSession.headerBytes;
  if (protocol === PppProtocol.IPV4) return { headerBytes, network: 'ipv4' };
  if (protocol === PppProtocol.IPV6) return { headerBytes, network: 'ipv6' };
  return { headerBytes };
}

/** BSD loopback: an address family, in the byte order of the capturing host (NULL) or the network's (LOOP). */
function decodeFamily(bytes: Uint8Array): LinkLayer {
  const { headerBytes } = Family;
  if (bytes.length < headerBytes) return tooShort(bytes, 0, headerBytes);
  const bigEndian = u32(bytes, 0);
  // Families are small: read in the wrong order they exceed 16 bits.
  const family = bigEndian > 0xffff ? u8(bytes, 0) | (u8(bytes, 1) << 8) : bigEndian;
  if (family === AF_INET) return { headerBytes, network: 'ipv4' };
  if (AF_INET6.includes(family)) return { headerBytes, network: 'ipv6' };
  return { headerBytes };
}

function decodeRaw(bytes: Uint8Array): LinkLayer {
  if (bytes.length === 0) return tooShort(bytes, 0, 1);
  const version = u8(bytes, 0) >>> 4;
  if (version === 4) return { headerBytes: 0, network: 'ipv4' };
  if (version === 6) return { headerBytes: 0, network: 'ipv6' };
  return { headerBytes: 0, issue: { layer: 'link', offset: 0, problem: `IP version ${version}` } };
}

function tooShort(bytes: Uint8Array, offset: number, needed: number): LinkLayer {
  return { headerBytes: offset, issue: cutShort('link', offset, bytes.length - offset, needed) };
}
