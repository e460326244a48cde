import { u8, u16 } from './big-endian.ts';
import { type Decoding, Layer } from './decoding.ts';

/** Byte offsets of the UDP header. Source: RFC 768. */
const Field = { destinationPort: 2, headerBytes: 8 } as const;

/** Source: RFC 7348 §5; RFC 8926 §3.3. */
const TunnelPort = { VXLAN: 4789, GENEVE: 6081 } as const;
const VXLAN_NETWORK_FLAG = 0x08;

/** Leaves the payload's bounds for whoever wants them, and goes on into a tunnel where there is one. */
export function decodeUdp(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  if (decoding.end - at < Field.headerBytes) return decoding.cut('udp', at, Field.headerBytes);
  const port = u16(bytes, at + Field.destinationPort);
  decoding.step(Field.headerBytes);
  decoding.udpPayloadStart = decoding.at;
  decoding.udpPayloadEnd = decoding.end;
  if (port === TunnelPort.GENEVE) return Layer.GENEVE;
  if (port !== TunnelPort.VXLAN || decoding.end <= decoding.at) return Layer.OTHER;
  return (u8(bytes, decoding.at) & VXLAN_NETWORK_FLAG) === 0 ? Layer.OTHER : Layer.VXLAN;
}
