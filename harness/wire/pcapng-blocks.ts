import { MAX_FRAME_BYTES } from '../model/frame-taker.ts';
import { notACapture, SECTION_HEADER_BLOCK } from './capture-format.ts';
import { type CaptureInterface, type RecordReader, type RecordSink } from './capture-records.ts';
import { readInterface } from './pcapng-interface.ts';
import { TickClock } from './tick-clock.ts';

/** Source: draft-ietf-opsawg-pcapng §4; all others are stepped over. */
const BlockType = { INTERFACE: 1, PACKET: 2, SIMPLE_PACKET: 3, ENHANCED_PACKET: 6 } as const;

/** Every block: type, length, body, the length again. */
const Block = { type: 0, length: 4, body: 8, lengthAgain: 4, minBytes: 12 } as const;
const Section = { byteOrderMagic: 8, majorVersion: 12, minBytes: 28 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** The obsolete packet block is laid out alike; a count of drops stands behind its 16-bit interface. */
const Enhanced = { interface: 8, high: 12, low: 16, capturedBytes: 20, originalBytes: 24, data: 28 } as const;
const Simple = { originalBytes: 8, data: 12 } as const;

/** Wireshark's limit. No block of a writer's comes near; a block that claims more is damage. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;
const MAX_INTERFACES = 65_536;

/** The blocks of a pcapng stream. */
export class PcapngBlocks implements RecordReader {
  readonly #sink: RecordSink;
  /** Of the current section: blocks name them by their place in it. */
  #interfaces: CaptureInterface[] = [];
  #clocks: TickClock[] = [];
  #needed: number = Block.minBytes;
  #littleEndian = true;
  #inSection = false;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  get needed(): number {
    return this.#needed;
  }

  get littleEndian(): boolean {
    return this.#littleEndian;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = start;
    while (end - at >= Block.minBytes) {
      const isSection = view.getUint32(at, true) === SECTION_HEADER_BLOCK;
      if (isSection && !this.#noteByteOrder(view, at)) return -1;
      const length = view.getUint32(at + Block.length, this.#littleEndian);
      if (!this.#isBlockLength(length, at, isSection)) return -1;
      if (end - at < length) {
        this.#needed = length;
        return at;
      }
      const again = view.getUint32(at + length - Block.lengthAgain, this.#littleEndian);
      if (again !== length) {
        return this.#refuse(at, `a block of ${length} bytes that says ${again} at its end`);
      }
      if (!this.#readBlock(bytes, view, at, length)) return -1;
      at += length;
    }
    this.#needed = Block.minBytes;
    return at;
  }

  /** A section may be in another byte order than the one before. */
  #noteByteOrder(view: DataView, at: number): boolean {
    const magic = view.getUint32(at + Section.byteOrderMagic, true);
    this.#littleEndian = magic === BYTE_ORDER_MAGIC;
    if (this.#littleEndian || view.getUint32(at + Section.byteOrderMagic, false) === BYTE_ORDER_MAGIC)
      return true;
    const found = `byte-order magic 0x${magic.toString(16).padStart(8, '0')}`;
    this.#refuse(at, `a section header with ${found}`);
    return false;
  }

  #isBlockLength(length: number, at: number, isSection: boolean): boolean {
    const least = isSection ? Section.minBytes : Block.minBytes;
    if (length >= least && length <= MAX_BLOCK_BYTES && length % 4 === 0) return true;
    this.#refuse(at, `a block of ${length} bytes (${least} to ${MAX_BLOCK_BYTES}, a multiple of 4)`);
    return false;
  }

  /** A stream whose first block is not right is none. */
  #refuse(at: number, problem: string): number {
    if (!this.#inSection) throw notACapture(0, problem);
    this.#sink.damage('corrupt', at, problem);
    return -1;
  }

  /** False when nothing more can be read. */
  #readBlock(bytes: Uint8Array, view: DataView, at: number, length: number): boolean {
    const type = view.getUint32(at, this.#littleEndian);
    switch (type) {
      case BlockType.ENHANCED_PACKET:
        this.#readPacket(
          bytes,
          view,
          at,
          length,
          view.getUint32(at + Enhanced.interface, this.#littleEndian),
        );
        return true;
      case SECTION_HEADER_BLOCK:
        return this.#startSection(view, at);
      case BlockType.INTERFACE:
        this.#addInterface(view, at, length);
        return true;
      case BlockType.SIMPLE_PACKET:
        this.#readSimplePacket(bytes, view, at, length);
        return true;
      case BlockType.PACKET:
        this.#readPacket(
          bytes,
          view,
          at,
          length,
          view.getUint16(at + Enhanced.interface, this.#littleEndian),
        );
        return true;
      default:
        return true;
    }
  }

  #startSection(view: DataView, at: number): boolean {
    const major = view.getUint16(at + Section.majorVersion, this.#littleEndian);
    if (major !== 1) {
      this.#refuse(at, `a section of pcapng version ${major}`);
      return false;
    }
    this.#inSection = true;
    this.#interfaces = [];
    this.#clocks = [];
    return true;
  }

  #addInterface(view: DataView, at: number, length: number): void {
    const described = readInterface(view, at, length, this.#littleEndian);
    if (described === undefined || this.#interfaces.length === MAX_INTERFACES) {
      this.#sink.damage('skipped', at, `an interface description of ${length} bytes`);
      return;
    }
    this.#interfaces.push(described);
    this.#clocks.push(new TickClock({ ...described.resolution, offsetSeconds: described.offsetSeconds }));
    this.#sink.addInterface(described);
  }

  /** An enhanced or an obsolete packet block: they differ only in how they name the interface. */
  #readPacket(bytes: Uint8Array, view: DataView, at: number, length: number, index: number): void {
    const littleEndian = this.#littleEndian;
    const clock = this.#clocks[index];
    const described = this.#interfaces[index];
    const room = length - Enhanced.data - Block.lengthAgain;
    const capturedBytes = room < 0 ? 0 : view.getUint32(at + Enhanced.capturedBytes, littleEndian);
    if (
      clock === undefined ||
      described === undefined ||
      capturedBytes > room ||
      capturedBytes > MAX_FRAME_BYTES
    ) {
      this.#skipPacket(at, index, capturedBytes, room);
      return;
    }
    const { packet } = this.#sink;
    clock.set(
      view.getUint32(at + Enhanced.high, littleEndian),
      view.getUint32(at + Enhanced.low, littleEndian),
    );
    packet.frame += 1;
    packet.seconds = clock.seconds;
    packet.nanoseconds = clock.nanoseconds;
    const originalBytes = view.getUint32(at + Enhanced.originalBytes, littleEndian);
    this.#handOut(bytes, at + Enhanced.data, capturedBytes, originalBytes, described.linkType);
  }

  /** Of the section's first interface, and without a time: that of the packet before stands. */
  #readSimplePacket(bytes: Uint8Array, view: DataView, at: number, length: number): void {
    const described = this.#interfaces[0];
    const room = length - Simple.data - Block.lengthAgain;
    const originalBytes = room < 0 ? 0 : view.getUint32(at + Simple.originalBytes, this.#littleEndian);
    const snapLength = described?.snapLength ?? 0;
    const capturedBytes = snapLength === 0 ? originalBytes : Math.min(originalBytes, snapLength);
    // Up to three octets of the room are padding.
    if (described === undefined || room < 0 || capturedBytes > MAX_FRAME_BYTES) {
      this.#skipPacket(at, 0, capturedBytes, room);
      return;
    }
    this.#sink.packet.frame += 1;
    const start = at + Simple.data;
    this.#handOut(bytes, start, Math.min(capturedBytes, room), originalBytes, described.linkType);
  }

  #handOut(
    bytes: Uint8Array,
    start: number,
    capturedBytes: number,
    originalBytes: number,
    linkType: number,
  ): void {
    const { packet, visit, taker } = this.#sink;
    if (taker?.takeFrame(bytes, start, capturedBytes, linkType, packet) === true) return;
    visit(bytes, start, capturedBytes, originalBytes, linkType, packet);
  }

  #skipPacket(at: number, index: number, capturedBytes: number, room: number): void {
    const problem =
      this.#interfaces[index] === undefined
        ? `a packet of interface ${index}, which is not described`
        : `a packet of ${capturedBytes} bytes in a block with room for ${Math.max(room, 0)}`;
    this.#sink.damage('skipped', at, problem);
  }
}
