import { i32, u8, u16 } from './big-endian.ts';
import { Problem } from './decode-issue.ts';
import { decodeIeee80211, decodeRadiotap } from './decode-ieee80211.ts';
import { decodeLlc } from './decode-llc.ts';
import { decodeMpls } from './decode-mpls.ts';
import { decodePpp } from './decode-ppp.ts';
import { type Decoding, Layer } from './decoding.ts';
import { etherTypeLayer } from './ether-type.ts';
import { LinkType } from './link-type.ts';

const LAYERS: Readonly<Partial<Record<number, number>>> = {
  [LinkType.NULL]: Layer.FAMILY,
  [LinkType.PPP]: Layer.PPP,
  [LinkType.BSD_RAW]: Layer.RAW,
  [LinkType.OPENBSD_RAW]: Layer.RAW,
  [LinkType.PPP_HDLC]: Layer.PPP_HDLC,
  [LinkType.PPP_ETHER]: Layer.PPPOE,
  [LinkType.RAW]: Layer.RAW,
  [LinkType.C_HDLC]: Layer.C_HDLC,
  [LinkType.IEEE802_11]: Layer.IEEE802_11,
  [LinkType.LOOP]: Layer.FAMILY,
  [LinkType.LINUX_SLL]: Layer.SLL,
  [LinkType.IEEE802_11_RADIOTAP]: Layer.RADIOTAP,
  [LinkType.PPP_PPPD]: Layer.PPP_PPPD,
  [LinkType.PPP_WITH_DIR]: Layer.PPP_WITH_DIR,
  [LinkType.IPV4]: Layer.IPV4,
  [LinkType.IPV6]: Layer.IPV6,
  [LinkType.LINUX_SLL2]: Layer.SLL2,
};

/** The layer that a link type starts with; STOPPED for those that are not decoded. */
export function linkLayer(linkType: number): number {
  return linkType === LinkType.ETHERNET ? Layer.ETHERNET : (LAYERS[linkType] ?? Layer.STOPPED);
}

const Ethernet = { etherType: 12, headerBytes: 14 } as const;
/** Source: IEEE 802.1Q: two bytes of tag, then the next EtherType. */
const Vlan = { etherType: 2, headerBytes: 4 } as const;
/** Source: IEEE 802.1ah: the I-TAG's control information, then the customer's Ethernet header. */
const Pbb = { headerBytes: 4 } as const;
/** Source: RFC 2516 §4. */
const Pppoe = { headerBytes: 6 } as const;
const CiscoHdlc = { etherType: 2, headerBytes: 4 } as const;
const Sll = { etherType: 14, headerBytes: 16 } as const;
const Sll2 = { etherType: 0, headerBytes: 20 } as const;
const Family = { headerBytes: 4 } as const;

export function decodeEthernet(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  if (decoding.end - at < Ethernet.headerBytes) return decoding.cut('link', at, Ethernet.headerBytes);
  decoding.step(Ethernet.headerBytes);
  return etherTypeLayer(u16(bytes, at + Ethernet.etherType));
}

export function decodeLink(layer: number, bytes: Uint8Array, decoding: Decoding): number {
  switch (layer) {
    case Layer.VLAN:
      return decodeTyped(bytes, Vlan, decoding);
    case Layer.MPLS:
      return decodeMpls(bytes, decoding);
    case Layer.PBB:
      return decodeFixed(Pbb.headerBytes, Layer.ETHERNET, decoding);
    case Layer.PPPOE:
      return decodeFixed(Pppoe.headerBytes, Layer.PPP, decoding);
    case Layer.LLC:
      return decodeLlc(bytes, decoding);
    case Layer.C_HDLC:
      return decodeTyped(bytes, CiscoHdlc, decoding);
    case Layer.SLL:
      return decodeTyped(bytes, Sll, decoding);
    case Layer.SLL2:
      return decodeTyped(bytes, Sll2, decoding);
    case Layer.RAW:
      return decodeRaw(bytes, decoding);
    case Layer.FAMILY:
      return decodeFamily(bytes, decoding);
    case Layer.IEEE802_11:
      return decodeIeee80211(bytes, decoding);
    case Layer.RADIOTAP:
      return decodeRadiotap(bytes, decoding);
    default:
      return decodePpp(layer, bytes, decoding);
  }
}

/** A header of fixed length with an EtherType in it. */
function decodeTyped(
  bytes: Uint8Array,
  field: { readonly etherType: number; readonly headerBytes: number },
  decoding: Decoding,
): number {
  const { at } = decoding;
  if (decoding.end - at < field.headerBytes) return decoding.cut('link', at, field.headerBytes);
  decoding.step(field.headerBytes);
  return etherTypeLayer(u16(bytes, at + field.etherType));
}

function decodeFixed(headerBytes: number, next: number, decoding: Decoding): number {
  if (decoding.end - decoding.at < headerBytes) return decoding.cut('link', decoding.at, headerBytes);
  decoding.step(headerBytes);
  return next;
}

function decodeRaw(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  if (decoding.end <= at) return decoding.cut('link', at, 1);
  const version = u8(bytes, at) >>> 4;
  if (version === 4) return Layer.IPV4;
  return version === 6 ? Layer.IPV6 : decoding.stop('link', at, Problem.IP_VERSION, version);
}

const AF_INET = 2;
/** BSD loopback: an address family, in the byte order of the capturing host (NULL) or the network's (LOOP). */
function decodeFamily(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  if (decoding.end - at < Family.headerBytes) return decoding.cut('link', at, Family.headerBytes);
  const bigEndian = i32(bytes, at) >>> 0;
  // Families are small: read in the wrong order they exceed 16 bits.
  const family = bigEndian > 0xffff ? u8(bytes, at) | (u8(bytes, at + 1) << 8) : bigEndian;
  decoding.step(Family.headerBytes);
  if (family === AF_INET) return Layer.IPV4;
  return isInet6(family) ? Layer.IPV6 : Layer.OTHER;
}

/** AF_INET6 of Linux, NetBSD/OpenBSD, FreeBSD, macOS. */
function isInet6(family: number): boolean {
  return family === 10 || family === 24 || family === 28 || family === 30;
}
