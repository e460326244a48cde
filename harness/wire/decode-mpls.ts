import { u8, u16 } from './big-endian.ts';
import { type Decoding, Layer } from './decoding.ts';
import { etherTypeLayer } from './ether-type.ts';

/** A label stack entry. Source: RFC 3032 §2.1. */
const Entry = { bottomOfStack: 2, bytes: 4 } as const;
const BOTTOM_OF_STACK = 0x01;

/** Source: RFC 4385 §3. */
const CONTROL_WORD_BYTES = 4;
const Ethernet = { etherType: 12, headerBytes: 14 } as const;

/** The label stack, and what follows as well as it can be guessed: labels do not say (RFC 4928 §3). */
export function decodeMpls(bytes: Uint8Array, decoding: Decoding): number {
  for (let bottom = false; !bottom; ) {
    const { at } = decoding;
    if (decoding.end - at < Entry.bytes) return decoding.cut('link', at, Entry.bytes);
    bottom = (u8(bytes, at + Entry.bottomOfStack) & BOTTOM_OF_STACK) !== 0;
    decoding.step(Entry.bytes);
  }
  if (decoding.end <= decoding.at) return decoding.cut('link', decoding.at, 1);
  const nibble = u8(bytes, decoding.at) >>> 4;
  if (nibble === 4) return Layer.IPV4;
  return nibble === 6 ? Layer.IPV6 : pseudowire(bytes, decoding);
}

/** An Ethernet pseudowire (RFC 4448), known by an EtherType of ours behind a control word, or without one. */
function pseudowire(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  if (u8(bytes, at) >>> 4 === 0 && isEthernet(bytes, at + CONTROL_WORD_BYTES, decoding)) {
    decoding.step(CONTROL_WORD_BYTES);
    return Layer.ETHERNET;
  }
  return isEthernet(bytes, at, decoding) ? Layer.ETHERNET : Layer.OTHER;
}

function isEthernet(bytes: Uint8Array, at: number, decoding: Decoding): boolean {
  if (decoding.end - at < Ethernet.headerBytes) return false;
  const next = etherTypeLayer(u16(bytes, at + Ethernet.etherType));
  return next !== Layer.OTHER && next !== Layer.LLC;
}
