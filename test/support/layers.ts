/** Builders of what stands around an IP packet: tags, labels, tunnels, other links. */
import { LinkType } from '../../harness/wire/link-type.ts';
import { concat } from './segment.ts';

/** A payload that an EtherType announces. */
export interface Typed {
  readonly etherType: number;
  readonly bytes: Uint8Array;
}

/** A payload that an IP protocol number announces. */
export interface Carried {
  readonly protocol: number;
  readonly bytes: Uint8Array;
}

export function ip(packet: Uint8Array): Typed {
  return { etherType: isIpv6(packet) ? 0x86dd : 0x0800, bytes: packet };
}

function isIpv6(packet: Uint8Array): boolean {
  return (packet[0] ?? 0) >> 4 === 6;
}

export function ethernet({ etherType, bytes }: Typed): Uint8Array {
  return concat(Uint8Array.of(0x0a, 1, 2, 3, 4, 5, 0x0a, 6, 7, 8, 9, 10), u16(etherType), bytes);
}

export function vlan(inner: Typed, etherType = 0x8100): Typed {
  return { etherType, bytes: concat(Uint8Array.of(0x20, 7), u16(inner.etherType), inner.bytes) };
}

/** IEEE 802.1ah. */
export function providerBackbone(frame: Uint8Array): Typed {
  return { etherType: 0x88e7, bytes: concat(Uint8Array.of(0, 0, 1, 2), frame) };
}

export function mpls(payload: Uint8Array, labels = 1): Typed {
  const stack = Array.from({ length: labels }, (_, index) =>
    Uint8Array.of(0, 0x10, index === labels - 1 ? 1 : 0, 64),
  );
  return { etherType: 0x8847, bytes: concat(...stack, payload) };
}

/** An Ethernet pseudowire with a control word. */
export function pseudowire(frame: Uint8Array): Typed {
  return mpls(concat(new Uint8Array(4), frame));
}

export interface PppShape {
  /** Behind address and control. */
  readonly address?: boolean;
  /** With the protocol in one octet. */
  readonly compressed?: boolean;
}

export function ppp(packet: Uint8Array, { address = false, compressed = false }: PppShape = {}): Uint8Array {
  const protocol = isIpv6(packet) ? 0x57 : 0x21;
  return concat(
    Uint8Array.from(address ? [0xff, 0x03] : []),
    Uint8Array.from(compressed ? [protocol] : [0, protocol]),
    packet,
  );
}

export function pppoe(packet: Uint8Array): Typed {
  const payload = ppp(packet);
  return { etherType: 0x8864, bytes: concat(Uint8Array.of(0x11, 0, 0, 1), u16(payload.length), payload) };
}

/** LLC and SNAP, in an 802.3 frame. */
export function snap(inner: Typed): Typed {
  const bytes = concat(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0), u16(inner.etherType), inner.bytes);
  return { etherType: Math.min(bytes.length, 1500), bytes };
}

export interface GreShape {
  readonly checksum?: boolean;
  readonly key?: boolean;
  readonly sequence?: boolean;
}

export function gre(
  inner: Typed,
  { checksum = false, key = false, sequence = false }: GreShape = {},
): Carried {
  const flags = (checksum ? 0x80 : 0) | (key ? 0x20 : 0) | (sequence ? 0x10 : 0);
  const fields = [checksum, key, sequence].filter(Boolean).length;
  const header = concat(Uint8Array.of(flags, 0), u16(inner.etherType), new Uint8Array(fields * 4));
  return { protocol: 47, bytes: concat(header, inner.bytes) };
}

/** NVGRE and Ethernet over GRE. */
export function etherOverGre(frame: Uint8Array, shape?: GreShape): Carried {
  return gre({ etherType: 0x6558, bytes: frame }, shape);
}

export function erspan2(frame: Uint8Array): Carried {
  return gre(
    { etherType: 0x88be, bytes: concat(new Uint8Array(8).fill(0x10, 0, 1), frame) },
    { sequence: true },
  );
}

export function erspan3(
  frame: Uint8Array,
  { optional = false }: { readonly optional?: boolean } = {},
): Carried {
  const header = new Uint8Array(optional ? 20 : 12);
  header[11] = optional ? 1 : 0;
  return gre({ etherType: 0x22eb, bytes: concat(header, frame) }, { sequence: true });
}

export function vxlan(frame: Uint8Array): Carried {
  return udp(4789, concat(Uint8Array.of(0x08, 0, 0, 0, 0, 0, 42, 0), frame));
}

export function geneve(inner: Typed, optionWords = 0): Carried {
  const header = concat(
    Uint8Array.of(optionWords, 0),
    u16(inner.etherType),
    new Uint8Array(4 + optionWords * 4),
  );
  return udp(6081, concat(header, inner.bytes));
}

export function udp(destinationPort: number, payload: Uint8Array): Carried {
  return {
    protocol: 17,
    bytes: concat(u16(50_000), u16(destinationPort), u16(8 + payload.length), u16(0), payload),
  };
}

export function etherIp(frame: Uint8Array): Carried {
  return { protocol: 97, bytes: concat(Uint8Array.of(0x30, 0), frame) };
}

/** IP in IP, of any two versions. */
export function carried(packet: Uint8Array): Carried {
  return { protocol: isIpv6(packet) ? 41 : 4, bytes: packet };
}

/** The outer header's addresses are of no consequence. */
export function tunnel(version: 4 | 6, { protocol, bytes }: Carried): Uint8Array {
  if (version === 4) {
    const length = 20 + bytes.length;
    return concat(
      Uint8Array.of(0x45, 0),
      u16(length),
      Uint8Array.of(0, 9, 0, 0, 64, protocol, 0, 0),
      v4(1),
      v4(2),
      bytes,
    );
  }
  return concat(
    Uint8Array.of(0x60, 0, 0, 0),
    u16(bytes.length),
    Uint8Array.of(protocol, 64),
    v6(1),
    v6(2),
    bytes,
  );
}

function v4(host: number): Uint8Array {
  return Uint8Array.of(198, 51, 100, host);
}

function v6(host: number): Uint8Array {
  return Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), host);
}

export interface WlanShape {
  readonly qos?: boolean;
  readonly fourAddresses?: boolean;
  readonly htControl?: boolean;
  /** Pad the header to four octets, as some drivers do. */
  readonly padded?: boolean;
  /** Bits of the second frame control octet besides those that the shape gives. */
  readonly flags?: number;
}

/** An 802.11 data frame. */
export function wlan(inner: Typed, shape: WlanShape = {}): Uint8Array {
  const { qos = false, fourAddresses = false, htControl = false, padded = false, flags = 0 } = shape;
  const header = new Uint8Array(24 + (fourAddresses ? 6 : 0) + (qos ? 2 : 0) + (htControl ? 4 : 0));
  header[0] = 0x08 | (qos ? 0x80 : 0);
  header[1] = flags | (fourAddresses ? 0x03 : 0x01) | (htControl ? 0x80 : 0);
  const padding = padded ? (4 - (header.length % 4)) % 4 : 0;
  return concat(header, new Uint8Array(padding), snap(inner).bytes);
}

export interface RadiotapShape {
  readonly padded?: boolean;
  /** Presence words after the first. */
  readonly moreWords?: number;
}

/** A radiotap header with a timestamp and the flags field, which tells of padding. */
export function radiotap(
  frame: Uint8Array,
  { padded = false, moreWords = 0 }: RadiotapShape = {},
): Uint8Array {
  const more = new Uint8Array(moreWords * 4).fill(0);
  const words = concat(Uint8Array.of(0x03, 0, 0, moreWords > 0 ? 0x80 : 0), more);
  for (let word = 1; word < moreWords; word++) words[word * 4 + 3] = 0x80;
  const alignment = new Uint8Array((8 - ((4 + words.length) % 8)) % 8);
  const fields = concat(alignment, new Uint8Array(8), Uint8Array.of(padded ? 0x20 : 0, 0));
  const length = 4 + words.length + fields.length;
  return concat(Uint8Array.of(0, 0, length & 0xff, length >> 8), words, fields, frame);
}

/** The packet as a frame of any link type that is decoded. */
export function onLink(linkType: number, packet: Uint8Array): Uint8Array {
  const typed = ip(packet);
  const version6 = isIpv6(packet);
  switch (linkType) {
    case LinkType.NULL:
      return concat(Uint8Array.of(version6 ? 30 : 2, 0, 0, 0), packet);
    case LinkType.LOOP:
      return concat(Uint8Array.of(0, 0, 0, version6 ? 24 : 2), packet);
    case LinkType.ETHERNET:
      return ethernet(typed);
    case LinkType.PPP:
      return ppp(packet, { address: true });
    case LinkType.PPP_HDLC:
      return ppp(packet, { address: true, compressed: true });
    case LinkType.PPP_ETHER:
      return pppoe(packet).bytes;
    case LinkType.PPP_PPPD:
      return concat(Uint8Array.of(1, 3), ppp(packet));
    case LinkType.PPP_WITH_DIR:
      return concat(Uint8Array.of(1), ppp(packet, { address: true }));
    case LinkType.C_HDLC:
      return concat(Uint8Array.of(0x0f, 0), u16(typed.etherType), packet);
    case LinkType.LINUX_SLL:
      return concat(new Uint8Array(14), u16(typed.etherType), packet);
    case LinkType.LINUX_SLL2:
      return concat(u16(typed.etherType), new Uint8Array(18), packet);
    case LinkType.IEEE802_11:
      return wlan(typed, { qos: true });
    case LinkType.IEEE802_11_RADIOTAP:
      return radiotap(wlan(typed));
    default:
      return packet;
  }
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
