/** Reads a whole capture in the plainest way: one DataView, BigInt times, no chunks. */
import type { Frame } from '../read-frames.ts';

/** Its time is undefined where it is made of a number of seconds past 2⁵³: no date, and as a double not exact. */
export type ReferenceFrame = Omit<Frame, 'capturedAtNs'> & { readonly capturedAtNs: bigint | undefined };

export interface ReferenceCapture {
  readonly frames: readonly ReferenceFrame[];
  /** Offset of the first record or block that is cut or cannot be read; undefined when all was read. */
  readonly stoppedAt: number | undefined;
}

const MAX_FRAME_BYTES = 262_144;
const SECOND_NS = 1_000_000_000n;

/** Undefined for what is no pcap or pcapng. */
export function referenceRead(bytes: Uint8Array): ReferenceCapture | undefined {
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) === 0x0a0d0d0a) return readPcapng(view);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === 0xa1b2c3d4) return readPcap(view, littleEndian, 1000n, 16);
    if (magic === 0xa1b23c4d) return readPcap(view, littleEndian, 1n, 16);
    if (magic === 0xa1b2cd34) return readPcap(view, littleEndian, 1000n, 24);
  }
  return undefined;
}

function readPcap(
  view: DataView,
  littleEndian: boolean,
  fractionNs: bigint,
  recordBytes: number,
): ReferenceCapture | undefined {
  if (view.byteLength < 24 || view.getUint16(4, littleEndian) !== 2) return undefined;
  const linkType = view.getUint32(20, littleEndian) % 0x10000;
  const frames: ReferenceFrame[] = [];
  let at = 24;
  while (at < view.byteLength) {
    if (at + recordBytes > view.byteLength) return { frames, stoppedAt: at };
    const [seconds, fraction, captured, original] = [0, 4, 8, 12].map((field) =>
      view.getUint32(at + field, littleEndian),
    ) as [number, number, number, number];
    const end = at + recordBytes + captured;
    if (captured > MAX_FRAME_BYTES) return { frames, stoppedAt: at + 8 };
    if (end > view.byteLength) return { frames, stoppedAt: at };
    frames.push({
      ordinal: frames.length + 1,
      capturedAtNs: BigInt(seconds) * SECOND_NS + BigInt(fraction) * fractionNs,
      originalBytes: original,
      linkType,
      bytes: copy(view, at + recordBytes, captured),
    });
    at = end;
  }
  return { frames, stoppedAt: undefined };
}

interface Section {
  readonly littleEndian: boolean;
  readonly interfaces: { linkType: number; snapLength: number; ticks: bigint; offset: bigint }[];
}

function readPcapng(view: DataView): ReferenceCapture | undefined {
  const frames: ReferenceFrame[] = [];
  let section: Section | undefined;
  let at = 0;
  while (at < view.byteLength) {
    const stopped = section === undefined ? undefined : { frames, stoppedAt: at };
    if (at + 12 > view.byteLength) return stopped;
    const isSection = view.getUint32(at) === 0x0a0d0d0a;
    if (isSection) {
      const littleEndian = view.getUint32(at + 8, true) === 0x1a2b3c4d;
      if (!littleEndian && view.getUint32(at + 8) !== 0x1a2b3c4d) return stopped;
      section = { littleEndian, interfaces: [] };
    }
    if (section === undefined) return undefined;
    const { littleEndian } = section;
    const length = view.getUint32(at + 4, littleEndian);
    if (length % 4 !== 0 || length < (isSection ? 28 : 12) || length > 16 * 1024 * 1024) return stopped;
    if (at + length > view.byteLength) return stopped;
    if (view.getUint32(at + length - 4, littleEndian) !== length) return stopped;
    if (isSection && view.getUint16(at + 12, littleEndian) !== 1) return stopped;
    const block = new DataView(view.buffer, view.byteOffset + at, length - 4);
    const type = view.getUint32(at, littleEndian);
    if (type === 1) addInterface(block, section);
    if (type === 2 || type === 3 || type === 6) addPacket(type, block, section, frames);
    at += length;
  }
  return { frames, stoppedAt: undefined };
}

function addInterface(block: DataView, { littleEndian, interfaces }: Section): void {
  if (block.byteLength < 16) return;
  let ticks = 1_000_000n;
  let offset = 0n;
  let at = 16;
  while (at + 4 <= block.byteLength) {
    const code = block.getUint16(at, littleEndian);
    const length = block.getUint16(at + 2, littleEndian);
    if (code === 0 || at + 4 + length > block.byteLength) break;
    if (code === 9 && length === 1) {
      const octet = block.getUint8(at + 4);
      ticks = (octet < 128 ? 10n : 2n) ** BigInt(octet % 128);
    }
    if (code === 14 && length === 8) offset = block.getBigInt64(at + 4, littleEndian);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  const linkType = block.getUint16(8, littleEndian);
  interfaces.push({ linkType, snapLength: block.getUint32(12, littleEndian), ticks, offset });
}

function addPacket(
  type: 2 | 3 | 6,
  block: DataView,
  { littleEndian, interfaces }: Section,
  frames: ReferenceFrame[],
): void {
  const headerBytes = type === 3 ? 12 : 28;
  if (block.byteLength < headerBytes) return;
  const u32 = (at: number): number => block.getUint32(at, littleEndian);
  const index = type === 3 ? 0 : type === 2 ? block.getUint16(8, littleEndian) : u32(8);
  const described = interfaces[index];
  if (described === undefined) return;
  const original = u32(type === 3 ? 8 : 24);
  const snapped = described.snapLength === 0 ? original : Math.min(original, described.snapLength);
  const captured = type === 3 ? snapped : u32(20);
  const room = block.byteLength - headerBytes;
  if (captured > MAX_FRAME_BYTES || (type !== 3 && captured > room)) return;
  const ticks = type === 3 ? 0n : BigInt(u32(12)) * 0x1_0000_0000n + BigInt(u32(16));
  const sinceOffset = nanoseconds(ticks, described.ticks);
  const stamp = described.offset * SECOND_NS + sinceOffset;
  const isDate = [described.offset * SECOND_NS, sinceOffset, stamp].every(isExact);
  frames.push({
    ordinal: frames.length + 1,
    // A simple packet has that of the packet before it.
    capturedAtNs: type === 3 ? lastTimeOf(frames) : isDate ? stamp : undefined,
    originalBytes: original,
    linkType: described.linkType,
    bytes: copy(block, headerBytes, Math.min(captured, room)),
  });
}

function lastTimeOf(frames: readonly ReferenceFrame[]): bigint | undefined {
  const last = frames.at(-1);
  return last === undefined ? 0n : last.capturedAtNs;
}

function isExact(ns: bigint): boolean {
  const seconds = ns / SECOND_NS;
  return seconds < 2n ** 53n && seconds > -(2n ** 53n);
}

/** Binary clocks finer than 2⁻⁶⁴ s are first made as coarse as that. */
function nanoseconds(ticks: bigint, perSecond: bigint): bigint {
  const finest = 2n ** 64n;
  const isTooFine = perSecond > finest && perSecond % finest === 0n;
  if (isTooFine) return ((ticks / (perSecond / finest)) * SECOND_NS) / finest;
  return (ticks * SECOND_NS) / perSecond;
}

function copy(view: DataView, start: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, length).slice();
}
