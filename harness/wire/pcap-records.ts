import { MAX_FRAME_BYTES, type PcapForm } from '../model/frame-taker.ts';
import { isPcap, notACapture, PcapMagic } from './capture-format.ts';
import type { RecordReader, RecordSink } from './capture-records.ts';

/** Source: draft-ietf-opsawg-pcap. */
const FileField = {
  magic: 0,
  majorVersion: 4,
  minorVersion: 6,
  snapLength: 16,
  linkType: 20,
  bytes: 24,
} as const;
const RecordField = { seconds: 0, fraction: 4, capturedBytes: 8, originalBytes: 12, bytes: 16 } as const;
/** Behind those fields: interface index, protocol, packet type. */
const MODIFIED_RECORD_BYTES = 24;

/** The upper bits say whether frames end in a checksum (FCS); IP lengths make that irrelevant. */
const LINK_TYPE_MASK = 0xffff;
const SECOND_NS = 1_000_000_000;

/** The records of a classic pcap stream. */
export class PcapRecords implements RecordReader {
  readonly #sink: RecordSink;
  #needed: number = FileField.bytes;
  #form: PcapForm | undefined;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  get needed(): number {
    return this.#needed;
  }

  get littleEndian(): boolean {
    return this.#form?.littleEndian ?? true;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.#form !== undefined) return this.#readRecords(bytes, view, start, end, this.#form);
    if (end - start < FileField.bytes) return start;
    this.#form = this.#readHeader(view, start);
    return this.#readRecords(bytes, view, start + FileField.bytes, end, this.#form);
  }

  #readHeader(view: DataView, start: number): PcapForm {
    const littleEndian = isPcap(view.getUint32(start, true));
    const magic = view.getUint32(start, littleEndian);
    const major = view.getUint16(start + FileField.majorVersion, littleEndian);
    if (major !== 2) throw notACapture(FileField.majorVersion, `pcap version ${major}`);
    const linkType = view.getUint32(start + FileField.linkType, littleEndian) & LINK_TYPE_MASK;
    const countsNs = magic === PcapMagic.NANOSECONDS;
    this.#sink.addInterface({
      linkType,
      snapLength: view.getUint32(start + FileField.snapLength, littleEndian),
      resolution: { base: 10, exponent: countsNs ? 9 : 6 },
      offsetSeconds: 0,
    });
    return {
      linkType,
      recordBytes: magic === PcapMagic.MODIFIED ? MODIFIED_RECORD_BYTES : RecordField.bytes,
      fractionNs: countsNs ? 1 : 1000,
      littleEndian,
    };
  }

  #readRecords(bytes: Uint8Array, view: DataView, start: number, end: number, form: PcapForm): number {
    const { visit, packet, taker } = this.#sink;
    const { linkType, recordBytes, fractionNs, littleEndian } = form;
    let at = start;
    for (;;) {
      if (taker !== undefined) at = taker.takeRecords(bytes, at, end, form, packet);
      if (end - at < recordBytes) break;
      const capturedBytes = view.getUint32(at + RecordField.capturedBytes, littleEndian);
      if (capturedBytes > MAX_FRAME_BYTES) return this.#refuse(at, capturedBytes);
      const frameStart = at + recordBytes;
      if (end - frameStart < capturedBytes) {
        this.#needed = recordBytes + capturedBytes;
        return at;
      }
      const nanoseconds = view.getUint32(at + RecordField.fraction, littleEndian) * fractionNs;
      packet.frame += 1;
      packet.seconds = view.getUint32(at + RecordField.seconds, littleEndian);
      packet.nanoseconds = nanoseconds;
      // Some writers' fractions are a second or more (tcpdump's timestamp_invalid_nano.pcap): carried.
      if (nanoseconds >= SECOND_NS) {
        packet.seconds += Math.floor(nanoseconds / SECOND_NS);
        packet.nanoseconds = nanoseconds % SECOND_NS;
      }
      const originalBytes = view.getUint32(at + RecordField.originalBytes, littleEndian);
      visit(bytes, frameStart, capturedBytes, originalBytes, linkType, packet);
      at = frameStart + capturedBytes;
    }
    this.#needed = recordBytes;
    return at;
  }

  #refuse(at: number, capturedBytes: number): number {
    const problem = `a record of ${capturedBytes} bytes (the most is ${MAX_FRAME_BYTES})`;
    this.#sink.damage('corrupt', at + RecordField.capturedBytes, problem);
    return -1;
  }
}
