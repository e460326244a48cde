import { u8, u16 } from './big-endian.ts';
import { type Decoding, Layer } from './decoding.ts';
import { etherTypeLayer } from './ether-type.ts';

/** SNAP behind LLC. Source: IEEE 802.2; RFC 1042. */
const Snap = { minBytes: 3, organization: 3, etherType: 6, headerBytes: 8 } as const;
const SNAP_ACCESS_POINT = 0xaaaa;
const UNNUMBERED_INFORMATION = 0x03;
/** Encapsulated Ethernet, RFC 1042's and IEEE 802.1H's. */
const ETHERNET_ORGANIZATIONS: readonly number[] = [0x000000, 0x0000f8];

export function decodeLlc(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  const captured = decoding.end - at;
  if (captured < Snap.minBytes) return decoding.cut('link', at, Snap.minBytes);
  const isSnap = u16(bytes, at) === SNAP_ACCESS_POINT && u8(bytes, at + 2) === UNNUMBERED_INFORMATION;
  if (!isSnap) return Layer.OTHER;
  if (captured < Snap.headerBytes) return decoding.cut('link', at, Snap.headerBytes);
  const organization = (u8(bytes, at + Snap.organization) << 16) | u16(bytes, at + Snap.organization + 1);
  decoding.step(Snap.headerBytes);
  if (!ETHERNET_ORGANIZATIONS.includes(organization)) return Layer.OTHER;
  return etherTypeLayer(u16(bytes, at + Snap.etherType));
}
