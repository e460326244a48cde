import { u8, u16 } from './big-endian.ts';
import { type Decoding, Layer } from './decoding.ts';

/** Source: IANA, "PPP DLL Protocol Numbers". */
const PppProtocol = { IPV4: 0x0021, IPV6: 0x0057, MPLS: 0x0281, MPLS_MULTICAST: 0x0283 } as const;

/** All stations, unnumbered information. Source: RFC 1662 §3.1. */
const ADDRESS_AND_CONTROL = 0xff03;
const CONTROL = 0x03;
/** Cisco's HDLC has one of these in PPP's place. */
const CISCO_UNICAST = 0x0f;
const CISCO_MULTICAST = 0x8f;

/** PPP, bare or in one of the framings that have a link type of their own. */
export function decodePpp(layer: number, bytes: Uint8Array, decoding: Decoding): number {
  const { at, end } = decoding;
  if (layer === Layer.PPP_HDLC && isCisco(u8(bytes, at), end - at)) return Layer.C_HDLC;
  let protocolAt = at + directionBytes(layer);
  if (layer === Layer.PPP_PPPD) {
    if (end - protocolAt >= 1 && u8(bytes, protocolAt) === CONTROL) protocolAt += 1;
  } else if (end - protocolAt >= 2 && u16(bytes, protocolAt) === ADDRESS_AND_CONTROL) {
    protocolAt += 2;
  }
  // Compressed to one octet when that is odd: RFC 1661 §6.5.
  const protocolBytes = end > protocolAt && (u8(bytes, protocolAt) & 1) === 1 ? 1 : 2;
  if (end - protocolAt < protocolBytes) return decoding.cut('link', at, protocolAt + protocolBytes - at);
  const protocol = protocolBytes === 1 ? u8(bytes, protocolAt) : u16(bytes, protocolAt);
  decoding.step(protocolAt + protocolBytes - at);
  return protocolLayer(protocol);
}

function isCisco(first: number, captured: number): boolean {
  return captured > 0 && (first === CISCO_UNICAST || first === CISCO_MULTICAST);
}

/** These framings put the packet's direction first; pppd's does so in place of the address. */
function directionBytes(layer: number): number {
  return layer === Layer.PPP_PPPD || layer === Layer.PPP_WITH_DIR ? 1 : 0;
}

function protocolLayer(protocol: number): number {
  switch (protocol) {
    case PppProtocol.IPV4:
      return Layer.IPV4;
    case PppProtocol.IPV6:
      return Layer.IPV6;
    case PppProtocol.MPLS:
    case PppProtocol.MPLS_MULTICAST:
      return Layer.MPLS;
    default:
      return Layer.OTHER;
  }
}
