import { u8, u16 } from './big-endian.ts';
import { type Decoding, Layer } from './decoding.ts';
import { etherTypeLayer } from './ether-type.ts';
import { protocolLayer } from './ip-protocol.ts';

/** What stands between two IP headers. */
export function decodeTunnel(layer: number, bytes: Uint8Array, decoding: Decoding): number {
  switch (layer) {
    case Layer.GRE:
      return decodeGre(bytes, decoding);
    case Layer.ERSPAN2:
      return stepTo(Layer.ETHERNET, Erspan.headerBytes2, decoding);
    case Layer.ERSPAN3:
      return decodeErspan3(bytes, decoding);
    case Layer.VXLAN:
      return stepTo(Layer.ETHERNET, Vxlan.headerBytes, decoding);
    case Layer.GENEVE:
      return decodeGeneve(bytes, decoding);
    case Layer.AUTHENTICATION:
      return decodeAuthentication(bytes, decoding);
    case Layer.ETHER_IP:
      return stepTo(Layer.ETHERNET, EtherIp.headerBytes, decoding);
    default:
      return Layer.OTHER;
  }
}

/** Source: RFC 7348 §5. */
const Vxlan = { headerBytes: 8 } as const;
/** Source: RFC 3378 §3. */
const EtherIp = { headerBytes: 2 } as const;

/** Source: RFC 2784 §2, RFC 2890 §2; the acknowledgment of version 1: RFC 2637 §4.1. */
const Gre = { flagsAndVersion: 0, protocol: 2, minBytes: 4, fieldBytes: 4 } as const;
const GreFlag = { CHECKSUM: 0x8000, ROUTING: 0x4000, KEY: 0x2000, SEQUENCE: 0x1000, ACK: 0x0080 } as const;
const GRE_VERSION_MASK = 0x0007;
const ERSPAN_1_OR_2 = 0x88be;
const ERSPAN_3 = 0x22eb;

function decodeGre(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  const captured = decoding.end - at;
  if (captured < Gre.minBytes) return decoding.cut('tunnel', at, Gre.minBytes);
  const flags = u16(bytes, at + Gre.flagsAndVersion);
  const version = flags & GRE_VERSION_MASK;
  // Source routes (RFC 1701) have no use left.
  if (version > 1 || (flags & GreFlag.ROUTING) !== 0) return Layer.OTHER;
  const hasSequence = (flags & GreFlag.SEQUENCE) !== 0;
  const fields =
    ((flags & GreFlag.CHECKSUM) === 0 ? 0 : 1) +
    ((flags & GreFlag.KEY) === 0 ? 0 : 1) +
    (hasSequence ? 1 : 0) +
    (version === 1 && (flags & GreFlag.ACK) !== 0 ? 1 : 0);
  const headerBytes = Gre.minBytes + fields * Gre.fieldBytes;
  if (captured < headerBytes) return decoding.cut('tunnel', at, headerBytes);
  decoding.step(headerBytes);
  const protocol = u16(bytes, at + Gre.protocol);
  // Type I has no sequence number, and no header of its own.
  if (protocol === ERSPAN_1_OR_2) return hasSequence ? Layer.ERSPAN2 : Layer.ETHERNET;
  return protocol === ERSPAN_3 ? Layer.ERSPAN3 : etherTypeLayer(protocol);
}

/** Source: draft-foschiano-erspan §4. */
const Erspan = { headerBytes2: 8, flags: 11, headerBytes3: 12, optionalBytes: 8 } as const;
const OPTIONAL_SUBHEADER = 0x01;

function decodeErspan3(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  if (decoding.end - at < Erspan.headerBytes3) return decoding.cut('tunnel', at, Erspan.headerBytes3);
  const hasOptional = (u8(bytes, at + Erspan.flags) & OPTIONAL_SUBHEADER) !== 0;
  return stepTo(Layer.ETHERNET, Erspan.headerBytes3 + (hasOptional ? Erspan.optionalBytes : 0), decoding);
}

/** Source: RFC 8926 §3.4. */
const Geneve = { versionAndOptions: 0, protocol: 2, headerBytes: 8 } as const;

function decodeGeneve(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  if (decoding.end - at < Geneve.headerBytes) return decoding.cut('tunnel', at, Geneve.headerBytes);
  const versionAndOptions = u8(bytes, at + Geneve.versionAndOptions);
  if (versionAndOptions >>> 6 !== 0) return Layer.OTHER;
  const optionBytes = (versionAndOptions & 0x3f) * 4;
  return stepTo(etherTypeLayer(u16(bytes, at + Geneve.protocol)), Geneve.headerBytes + optionBytes, decoding);
}

/** Source: RFC 4302 §2: the length in 32-bit words, minus 2. */
const Authentication = { nextHeader: 0, length: 1, minBytes: 8 } as const;

function decodeAuthentication(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  if (decoding.end - at < Authentication.minBytes) {
    return decoding.cut('tunnel', at, Authentication.minBytes);
  }
  const headerBytes = (u8(bytes, at + Authentication.length) + 2) * 4;
  return stepTo(protocolLayer(u8(bytes, at + Authentication.nextHeader)), headerBytes, decoding);
}

function stepTo(layer: number, headerBytes: number, decoding: Decoding): number {
  const { at } = decoding;
  if (decoding.end - at < headerBytes) return decoding.cut('tunnel', at, headerBytes);
  decoding.step(headerBytes);
  return layer;
}
