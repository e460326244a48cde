import { FinwaitError } from '../errors.ts';
import type { Frame } from './frame.ts';
import { PendingBytes } from './pending-bytes.ts';

/** What the file header says. Source: draft-ietf-opsawg-pcap. */
export interface PcapHeader {
  readonly littleEndian: boolean;
  /** Nanoseconds of one unit of a record's fraction field: 1000 or 1. */
  readonly fractionNs: 1000 | 1;
  /** Octets kept of each frame; 0 in some files. */
  readonly snapLength: number;
  /** As in link-layer.ts. */
  readonly linkType: number;
}

const FileField = { magic: 0, majorVersion: 4, snapLength: 16, linkType: 20, bytes: 24 } as const;
const RecordField = { seconds: 0, fraction: 4, capturedBytes: 8, originalBytes: 12, bytes: 16 } as const;

const MAGIC: Readonly<Partial<Record<number, 1000 | 1>>> = { 0xa1b2c3d4: 1000, 0xa1b23c4d: 1 };
/** libpcap's MAXIMUM_SNAPLEN: a record that claims more is damage, not data. */
const MAX_FRAME_BYTES = 262_144;
/** The upper bits say whether frames end in a checksum (FCS); IP lengths make that irrelevant. */
const LINK_TYPE_MASK = 0xffff;

/**
 * Reads a classic pcap stream fed in chunks of any size; both byte orders, micro- and nanoseconds.
 * Frames are copies: the chunks may be reused.
 */
export class PcapReader {
  readonly #pending = new PendingBytes();
  #header: PcapHeader | undefined;
  #frames = 0;

  /** Undefined until its 24 bytes have come. */
  get header(): PcapHeader | undefined {
    return this.#header;
  }

  /**
   * Takes the chunk and gives the frames that are complete with it. Frames not asked for come with the next call.
   * @throws FinwaitError ERR_FINWAIT_FORMAT, after the frames before it, naming the offset and what was found.
   */
  read(chunk: Uint8Array): Generator<Frame, void, undefined> {
    this.#pending.append(chunk);
    return this.#frameStream();
  }

  /**
   * To be called once the stream has ended.
   * @returns octets of a last, incomplete record: more than 0 when the capture was cut short.
   * @throws FinwaitError ERR_FINWAIT_FORMAT when not even the file header came.
   */
  end(): number {
    if (this.#header === undefined) {
      throw notPcap(0, `${this.#pending.length} of ${FileField.bytes} header bytes, then the end`);
    }
    return this.#pending.length;
  }

  *#frameStream(): Generator<Frame, void, undefined> {
    if (this.#header === undefined) {
      this.#header = readHeader(this.#pending);
      if (this.#header === undefined) return;
    }
    for (;;) {
      const frame = this.#nextFrame(this.#header);
      if (frame === undefined) return;
      yield frame;
    }
  }

  #nextFrame({ littleEndian, fractionNs }: PcapHeader): Frame | undefined {
    if (this.#pending.length < RecordField.bytes) return undefined;
    const record = this.#pending.view();
    const capturedBytes = record.getUint32(RecordField.capturedBytes, littleEndian);
    if (capturedBytes > MAX_FRAME_BYTES) {
      const at = this.#pending.offset + RecordField.capturedBytes;
      throw notPcap(at, `a record of ${capturedBytes} bytes (the most is ${MAX_FRAME_BYTES})`);
    }
    if (this.#pending.length < RecordField.bytes + capturedBytes) return undefined;
    const seconds = BigInt(record.getUint32(RecordField.seconds, littleEndian));
    const fraction = record.getUint32(RecordField.fraction, littleEndian);
    const originalBytes = record.getUint32(RecordField.originalBytes, littleEndian);
    this.#pending.skip(RecordField.bytes);
    this.#frames += 1;
    return {
      ordinal: this.#frames,
      capturedAtNs: seconds * 1_000_000_000n + BigInt(fraction * fractionNs),
      originalBytes,
      bytes: this.#pending.take(capturedBytes),
    };
  }
}

function readHeader(pending: PendingBytes): PcapHeader | undefined {
  // Four bytes are enough to refuse; a stream that never grows to 24 must still say what it is.
  if (pending.length < FileField.majorVersion) return undefined;
  const view = pending.view();
  const magic = view.getUint32(FileField.magic, false);
  const swapped = view.getUint32(FileField.magic, true);
  const fractionNs = MAGIC[magic] ?? MAGIC[swapped];
  if (fractionNs === undefined) throw notPcap(0, describeMagic(magic));
  if (pending.length < FileField.bytes) return undefined;
  const littleEndian = MAGIC[swapped] !== undefined;
  const major = view.getUint16(FileField.majorVersion, littleEndian);
  if (major !== 2) throw notPcap(FileField.majorVersion, `pcap version ${major}`);
  const snapLength = view.getUint32(FileField.snapLength, littleEndian);
  const linkType = view.getUint32(FileField.linkType, littleEndian) & LINK_TYPE_MASK;
  pending.skip(FileField.bytes);
  return { littleEndian, fractionNs, snapLength, linkType };
}

const KNOWN_MAGIC: readonly { readonly magic: number; readonly mask: number; readonly name: string }[] = [
  { magic: 0x0a0d0d0a, mask: 0xffffffff, name: 'pcapng' },
  { magic: 0x1f8b0000, mask: 0xffff0000, name: 'gzip' },
];

function describeMagic(magic: number): string {
  const known = KNOWN_MAGIC.find((candidate) => (magic & candidate.mask) >>> 0 === candidate.magic);
  const digits = `0x${magic.toString(16).padStart(8, '0')}`;
  return known === undefined ? digits : `${digits} (${known.name})`;
}

function notPcap(offset: number, found: string): FinwaitError {
  return new FinwaitError('ERR_FINWAIT_FORMAT', `Not a pcap stream: at byte ${offset} found ${found}`, {
    hint: 'Convert other capture formats first: tcpdump -r CAPTURE -w CAPTURE.pcap (gzip: gunzip it before).',
  });
}
