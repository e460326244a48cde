import { LinkType } from '../../../harness/wire/link-type.ts';
import { decodeIpv4, decodeIpv6 } from './ip.ts';
import {
  captured,
  cut,
  type Decoded,
  enter,
  type Layer,
  other,
  stopped,
  u8,
  u16,
  u32,
  type View,
} from './view.ts';

export function linkLayer(linkType: number): Layer | undefined {
  switch (linkType) {
    case LinkType.NULL:
    case LinkType.LOOP:
      return family;
    case LinkType.ETHERNET:
      return ethernet;
    case LinkType.PPP:
      return ppp;
    case LinkType.BSD_RAW:
    case LinkType.OPENBSD_RAW:
    case LinkType.RAW:
      return raw;
    case LinkType.PPP_HDLC:
      return (view) => {
        const isCisco = captured(view) > 0 && [0x0f, 0x8f].includes(u8(view, 0));
        return isCisco ? enter(ciscoHdlc, view, 0) : ppp(view);
      };
    case LinkType.PPP_ETHER:
      return pppoe;
    case LinkType.C_HDLC:
      return ciscoHdlc;
    case LinkType.IEEE802_11:
      return (view) => wlan(view, 1);
    case LinkType.LINUX_SLL:
      return typed(16, 14);
    case LinkType.IEEE802_11_RADIOTAP:
      return radiotap;
    case LinkType.PPP_PPPD:
      return pppd;
    case LinkType.PPP_WITH_DIR:
      return (view) => pppAfter(view, 1);
    case LinkType.IPV4:
      return decodeIpv4;
    case LinkType.IPV6:
      return decodeIpv6;
    case LinkType.LINUX_SLL2:
      return typed(20, 0);
    default:
      return undefined;
  }
}

/** What an EtherType announces; undefined for what carries no IP. */
export function etherTypeLayer(etherType: number): Layer | undefined {
  if (etherType <= 1500) return llc;
  switch (etherType) {
    case 0x0800:
      return decodeIpv4;
    case 0x86dd:
      return decodeIpv6;
    case 0x8100:
    case 0x88a8:
    case 0x9100:
      return typed(4, 2);
    case 0x8847:
    case 0x8848:
      return mpls;
    case 0x8864:
      return pppoe;
    case 0x880b:
      return ppp;
    case 0x88e7:
      return providerBackbone;
    case 0x6558:
      return ethernet;
    default:
      return undefined;
  }
}

export function enterEtherType(etherType: number, view: View, octets: number): Decoded {
  const layer = etherTypeLayer(etherType);
  return layer === undefined ? other(view, octets) : enter(layer, view, octets);
}

/** A header of fixed length with an EtherType in it. */
function typed(headerBytes: number, etherTypeAt: number): Layer {
  return (view) => {
    if (captured(view) < headerBytes) return cut(view, 'link', headerBytes);
    return enterEtherType(u16(view, etherTypeAt), view, headerBytes);
  };
}

export const ethernet: Layer = typed(14, 12);
const ciscoHdlc: Layer = typed(4, 2);

function providerBackbone(view: View): Decoded {
  return captured(view) < 4 ? cut(view, 'link', 4) : enter(ethernet, view, 4);
}

function pppoe(view: View): Decoded {
  return captured(view) < 6 ? cut(view, 'link', 6) : enter(ppp, view, 6);
}

function ppp(view: View): Decoded {
  return pppAfter(view, 0);
}

function pppAfter(view: View, start: number): Decoded {
  const hasAddress = captured(view) >= start + 2 && u16(view, start) === 0xff03;
  return pppProtocol(view, hasAddress ? start + 2 : start);
}

function pppd(view: View): Decoded {
  const hasControl = captured(view) >= 2 && u8(view, 1) === 0x03;
  return pppProtocol(view, hasControl ? 2 : 1);
}

function pppProtocol(view: View, start: number): Decoded {
  const isShort = captured(view) > start && u8(view, start) % 2 === 1;
  const end = start + (isShort ? 1 : 2);
  if (captured(view) < end) return cut(view, 'link', end);
  const protocol = isShort ? u8(view, start) : u16(view, start);
  if (protocol === 0x0021) return enter(decodeIpv4, view, end);
  if (protocol === 0x0057) return enter(decodeIpv6, view, end);
  if (protocol === 0x0281 || protocol === 0x0283) return enter(mpls, view, end);
  return other(view, end);
}

function raw(view: View): Decoded {
  if (captured(view) < 1) return cut(view, 'link', 1);
  const version = u8(view, 0) >> 4;
  if (version === 4) return enter(decodeIpv4, view, 0);
  if (version === 6) return enter(decodeIpv6, view, 0);
  return stopped(view, 'link', view.at, `version ${version}`);
}

/** BSD loopback: a small number in either byte order. */
function family(view: View): Decoded {
  if (captured(view) < 4) return cut(view, 'link', 4);
  const value = u32(view, 0) > 0xffff ? view.frame.getUint32(view.at, true) % 0x10000 : u32(view, 0);
  if (value === 2) return enter(decodeIpv4, view, 4);
  return [10, 24, 28, 30].includes(value) ? enter(decodeIpv6, view, 4) : other(view, 4);
}

function llc(view: View): Decoded {
  if (captured(view) < 3) return cut(view, 'link', 3);
  if (u8(view, 0) !== 0xaa || u8(view, 1) !== 0xaa || u8(view, 2) !== 3) return other(view);
  if (captured(view) < 8) return cut(view, 'link', 8);
  const organization = u32(view, 2) & 0xffffff;
  if (organization !== 0 && organization !== 0xf8) return other(view, 8);
  return enterEtherType(u16(view, 6), view, 8);
}

export function mpls(view: View): Decoded {
  if (captured(view) < 4) return cut(view, 'link', 4);
  const after = { ...view, at: view.at + 4 };
  if (u8(view, 2) % 2 === 0) return mpls(after);
  if (captured(after) < 1) return cut(after, 'link', 1);
  const nibble = u8(after, 0) >> 4;
  if (nibble === 4) return enter(decodeIpv4, after, 0);
  if (nibble === 6) return enter(decodeIpv6, after, 0);
  if (nibble === 0 && looksLikeEthernet(after, 4)) return enter(ethernet, after, 4);
  return looksLikeEthernet(after, 0) ? enter(ethernet, after, 0) : other(after);
}

function looksLikeEthernet(view: View, start: number): boolean {
  if (captured(view) < start + 14) return false;
  const etherType = u16(view, start + 12);
  return etherType > 1500 && etherTypeLayer(etherType) !== undefined;
}

function wlan(view: View, alignment: number): Decoded {
  if (captured(view) < 2) return cut(view, 'link', 2);
  const [control, flags] = [u8(view, 0), u8(view, 1)];
  const isData = (control >> 2) % 4 === 2;
  const hasBody = ((control >> 6) & 1) === 0;
  const isProtected = ((flags >> 6) & 1) === 1;
  if (!isData || !hasBody || isProtected) return other(view);
  const isQos = control >> 7 === 1;
  const fourAddresses = flags % 4 === 3;
  const qosAt = fourAddresses ? 30 : 24;
  let headerBytes = qosAt + (isQos ? 2 : 0) + (isQos && flags >> 7 === 1 ? 4 : 0);
  while (headerBytes % alignment !== 0) headerBytes += 1;
  if (captured(view) < headerBytes) return cut(view, 'link', headerBytes);
  if (isQos && u8(view, qosAt) >> 7 === 1) {
    return stopped(view, 'link', view.at + qosAt, 'an aggregated 802.11 frame (A-MSDU) is not decoded');
  }
  const isFragment = ((flags >> 2) & 1) === 1 || u8(view, 22) % 16 !== 0;
  if (isFragment) return { outcome: 'fragment', headerBytes: view.at + headerBytes };
  return enter(llc, view, headerBytes);
}

function radiotap(view: View): Decoded {
  if (captured(view) < 8) return cut(view, 'link', 8);
  const length = view.frame.getUint16(view.at + 2, true);
  if (length < 8) return stopped(view, 'link', view.at + 2, `radiotap length ${length} is below 8`);
  if (captured(view) < length) return cut(view, 'link', length);
  return wlan({ ...view, at: view.at + length }, radiotapPadding(view, length) ? 4 : 1);
}

/** Whether the flags field says that the 802.11 header is padded to four octets. */
function radiotapPadding(view: View, length: number): boolean {
  const present = view.frame.getUint32(view.at + 4, true);
  if ((present & 2) === 0) return false;
  let at = 4;
  while (at + 4 <= length && view.frame.getUint32(view.at + at, true) >= 2 ** 31) at += 4;
  at += 4;
  if ((present & 1) === 1) {
    while (at % 8 !== 0) at += 1;
    at += 8;
  }
  return at < length && (u8(view, at) & 0x20) !== 0;
}
