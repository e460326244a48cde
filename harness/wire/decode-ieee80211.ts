import { u8 } from './big-endian.ts';
import { Problem } from './decode-issue.ts';
import { type Decoding, Layer } from './decoding.ts';

/** Byte offsets of a data frame's header. Source: IEEE 802.11-2020 §9.3.2.1. */
const Field = { typeAndSubtype: 0, flags: 1, fragmentNumber: 22 } as const;
const HEADER_BYTES = 24;
const FOURTH_ADDRESS_BYTES = 6;
const QOS_CONTROL_BYTES = 2;
const HT_CONTROL_BYTES = 4;

const TYPE_MASK = 0x0c;
const TYPE_DATA = 0x08;
const SUBTYPE_NO_DATA = 0x40;
const SUBTYPE_QOS = 0x80;
const Flag = { BOTH_DISTRIBUTION: 0x03, MORE_FRAGMENTS: 0x04, PROTECTED: 0x40, ORDER: 0x80 } as const;
const AGGREGATED = 0x80;

/** A data frame in the clear; all other frames carry nothing for us. */
export function decodeIeee80211(bytes: Uint8Array, decoding: Decoding): number {
  const { at } = decoding;
  return decodeData(bytes, at, 1, decoding);
}

function decodeData(bytes: Uint8Array, at: number, alignment: number, decoding: Decoding): number {
  const captured = decoding.end - at;
  if (captured < 2) return decoding.cut('link', at, 2);
  const type = u8(bytes, at + Field.typeAndSubtype);
  const flags = u8(bytes, at + Field.flags);
  if ((type & TYPE_MASK) !== TYPE_DATA || (type & SUBTYPE_NO_DATA) !== 0) return Layer.OTHER;
  if ((flags & Flag.PROTECTED) !== 0) return Layer.OTHER;
  const addressed =
    HEADER_BYTES + ((flags & Flag.BOTH_DISTRIBUTION) === Flag.BOTH_DISTRIBUTION ? FOURTH_ADDRESS_BYTES : 0);
  const isQos = (type & SUBTYPE_QOS) !== 0;
  const hasHtControl = isQos && (flags & Flag.ORDER) !== 0;
  const unpadded = addressed + (isQos ? QOS_CONTROL_BYTES : 0) + (hasHtControl ? HT_CONTROL_BYTES : 0);
  const headerBytes = Math.ceil(unpadded / alignment) * alignment;
  if (captured < headerBytes) return decoding.cut('link', at, headerBytes);
  if (isQos && (u8(bytes, at + addressed) & AGGREGATED) !== 0) {
    return decoding.stop('link', at + addressed, Problem.AGGREGATED);
  }
  decoding.step(headerBytes);
  const isFragment =
    (flags & Flag.MORE_FRAGMENTS) !== 0 || (u8(bytes, at + Field.fragmentNumber) & 0x0f) !== 0;
  return isFragment ? Layer.FRAGMENT : Layer.LLC;
}

/** Little-endian. Source: https://www.radiotap.org/ */
const Radiotap = { length: 2, present: 4, minBytes: 8 } as const;
const Present = { TIMESTAMP: 0x01, FLAGS: 0x02, MORE_WORDS: 0x80 } as const;
const PADDED_TO_FOUR = 0x20;

export function decodeRadiotap(bytes: Uint8Array, decoding: Decoding): number {
  const { at, end } = decoding;
  if (end - at < Radiotap.minBytes) return decoding.cut('link', at, Radiotap.minBytes);
  const headerBytes = u8(bytes, at + Radiotap.length) | (u8(bytes, at + Radiotap.length + 1) << 8);
  if (headerBytes < Radiotap.minBytes) {
    return decoding.stop('link', at + Radiotap.length, Problem.RADIOTAP_LENGTH, headerBytes);
  }
  if (end - at < headerBytes) return decoding.cut('link', at, headerBytes);
  const alignment = (radiotapFlags(bytes, at, headerBytes) & PADDED_TO_FOUR) === 0 ? 1 : 4;
  decoding.step(headerBytes);
  return decodeData(bytes, at + headerBytes, alignment, decoding);
}

/** The flags field is the second; only the timestamp, aligned to eight, can stand before it. */
function radiotapFlags(bytes: Uint8Array, at: number, headerBytes: number): number {
  const present = u8(bytes, at + Radiotap.present);
  if ((present & Present.FLAGS) === 0) return 0;
  let field: number = Radiotap.present;
  while (field + 4 <= headerBytes && (u8(bytes, at + field + 3) & Present.MORE_WORDS) !== 0) field += 4;
  field += 4;
  if ((present & Present.TIMESTAMP) !== 0) field = Math.ceil(field / 8) * 8 + 8;
  return field < headerBytes ? u8(bytes, at + field) : 0;
}
