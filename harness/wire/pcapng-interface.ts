import type { CaptureInterface } from './capture-records.ts';

/** An interface description block. Source: draft-ietf-opsawg-pcapng §4.2. */
const Field = { linkType: 8, snapLength: 12, options: 16 } as const;
const LENGTH_AGAIN_BYTES = 4;

/** Source: §3.5: code and length, then the value padded to a multiple of four. */
const Option = { code: 0, length: 2, value: 4 } as const;
const OptionCode = { END: 0, TIME_RESOLUTION: 9, TIME_OFFSET: 14 } as const;

const MICROSECONDS = { base: 10, exponent: 6 } as const;
const WORD = 0x1_0000_0000;

/** Undefined when the block is too short for its fixed part. Options that run past the block are not read. */
export function readInterface(
  view: DataView,
  at: number,
  length: number,
  littleEndian: boolean,
): CaptureInterface | undefined {
  const end = at + length - LENGTH_AGAIN_BYTES;
  if (end - at < Field.options) return undefined;
  let resolution: CaptureInterface['resolution'] = MICROSECONDS;
  let offsetSeconds = 0;
  let option = at + Field.options;
  while (option + Option.value <= end) {
    const code = view.getUint16(option + Option.code, littleEndian);
    const octets = view.getUint16(option + Option.length, littleEndian);
    const value = option + Option.value;
    if (code === OptionCode.END || value + octets > end) break;
    if (code === OptionCode.TIME_RESOLUTION && octets === 1)
      resolution = readResolution(view.getUint8(value));
    if (code === OptionCode.TIME_OFFSET && octets === 8)
      offsetSeconds = readOffset(view, value, littleEndian);
    option = value + Math.ceil(octets / 4) * 4;
  }
  return {
    linkType: view.getUint16(at + Field.linkType, littleEndian),
    snapLength: view.getUint32(at + Field.snapLength, littleEndian),
    resolution,
    offsetSeconds,
  };
}

/** The upper bit tells the base, the others the exponent. */
function readResolution(octet: number): CaptureInterface['resolution'] {
  return { base: (octet & 0x80) === 0 ? 10 : 2, exponent: octet & 0x7f };
}

/** Signed 64 bits; as a number, which is exact for any date that means something. */
function readOffset(view: DataView, at: number, littleEndian: boolean): number {
  const high = view.getInt32(at + (littleEndian ? 4 : 0), littleEndian);
  const low = view.getUint32(at + (littleEndian ? 0 : 4), littleEndian);
  return high * WORD + low;
}
