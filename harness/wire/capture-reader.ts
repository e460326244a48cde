import type { FrameTaker } from '../model/frame-taker.ts';
import { Packet } from '../model/packet.ts';
import type { CaptureDamage } from './capture-damage.ts';
import { type CaptureFormat, captureFormat, MAGIC_BYTES, notACapture } from './capture-format.ts';
import type { CaptureInterface, FrameVisitor, RecordReader, RecordSink } from './capture-records.ts';
import { PcapRecords } from './pcap-records.ts';
import { PcapngBlocks } from './pcapng-blocks.ts';
import { StraddlingBytes } from './straddling-bytes.ts';

/** Damage past this is counted, not described. */
const MAX_DAMAGE = 16;
/** A file may describe an interface anew in each of any number of sections. */
const MAX_INTERFACES_TOLD = 256;

/**
 * Reads a capture fed in chunks of any size: pcap and pcapng, known by their first bytes, in either byte order.
 * Frames are visited where they lie in the chunk; only one that straddles two is copied. Allocates nothing per frame.
 */
export class CaptureReader {
  /** The one that the visitor is handed: the reader sets its frame and time. */
  readonly packet: Packet = new Packet();
  readonly #straddling = new StraddlingBytes();
  readonly #damage: CaptureDamage[] = [];
  readonly #interfaces: CaptureInterface[] = [];
  #damageCount = 0;
  #format: CaptureFormat | undefined;
  readonly #sink: RecordSink;
  #records: RecordReader | undefined;
  /** Octets of the chunks before this one. */
  #pushedBytes = 0;
  /** Offset in the whole capture of the first of the bytes that are being read. */
  #base = 0;
  #readable = true;

  /** @param taker asked before the visitor */
  constructor(visit: FrameVisitor, taker?: FrameTaker) {
    this.#sink = {
      visit,
      taker,
      packet: this.packet,
      addInterface: (described) => {
        if (this.#interfaces.length < MAX_INTERFACES_TOLD) this.#interfaces.push(described);
      },
      damage: (kind, offset, problem) => {
        this.#noteDamage({ kind, offset: this.#base + offset, problem });
      },
    };
  }

  /**
   * Undefined until its first four bytes have come. A capture compressed by gzip is not read: the caller, who has
   * node:zlib, feeds its content to another reader.
   */
  get format(): CaptureFormat | undefined {
    return this.#format;
  }

  get littleEndian(): boolean {
    return this.#records?.littleEndian ?? true;
  }

  /** Those described so far: of pcap the one that its header describes, of pcapng at most the first 256. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces;
  }

  /** What is wrong with the capture, as far as read: at most the first 16. */
  get damage(): readonly CaptureDamage[] {
    return this.#damage;
  }

  get damageCount(): number {
    return this.#damageCount;
  }

  /** False once damage has made the rest unreadable; what is pushed then is ignored. */
  get readable(): boolean {
    return this.#readable;
  }

  /**
   * Hands out the frames that are complete with this chunk, which the caller may reuse afterwards.
   * @throws FinwaitError ERR_FINWAIT_FORMAT when the first bytes are no capture's, naming the offset and what was found.
   */
  push(chunk: Uint8Array): void {
    if (!this.#readable) return;
    // A plain view: the engine sees one kind of array, be the chunk a Buffer or not.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const at = this.#completeStraddling(bytes);
    if (at < bytes.length) {
      const rest = this.#read(bytes, at, bytes.length, this.#pushedBytes);
      this.#straddling.append(bytes, rest, bytes.length);
    }
    this.#pushedBytes += bytes.length;
  }

  /**
   * To be called once, when there is no more.
   * @returns all that is wrong with the capture; empty when it is whole.
   * @throws FinwaitError ERR_FINWAIT_FORMAT when not even a file header came, or when it is compressed.
   */
  end(): readonly CaptureDamage[] {
    const got = this.#straddling.length;
    if (this.#format === 'gzip') throw notACapture(0, 'gzip, where its content was to come');
    if (this.#pushedBytes === 0) throw notACapture(0, 'nothing: it is empty');
    if (this.#readable && this.#interfaces.length === 0 && got === this.#pushedBytes) {
      throw notACapture(0, `${got} of ${this.#needed} header bytes, then the end`);
    }
    if (this.#readable && got > 0) {
      const problem = `it ends after ${got} of the ${this.#needed} bytes that a record or block takes here`;
      this.#noteDamage({ kind: 'cut', offset: this.#pushedBytes - got, problem });
    }
    this.#readable = false;
    return this.#damage;
  }

  /** Adds to the record that the last chunk left, no more than it needs. Returns where the others start. */
  #completeStraddling(bytes: Uint8Array): number {
    const straddling = this.#straddling;
    const base = this.#pushedBytes - straddling.length;
    let at = 0;
    while (this.#readable && straddling.length > 0 && at < bytes.length) {
      const end = Math.min(at + this.#needed - straddling.length, bytes.length);
      straddling.append(bytes, at, end);
      at = end;
      if (straddling.length < this.#needed) break;
      // Either all is used, or the record is found to need more.
      if (this.#read(straddling.bytes, 0, straddling.length, base) > 0) straddling.clear();
    }
    return this.#readable ? at : bytes.length;
  }

  get #needed(): number {
    return this.#records?.needed ?? MAGIC_BYTES;
  }

  /** Returns where the bytes start that are not used yet. */
  #read(bytes: Uint8Array, start: number, end: number, base: number): number {
    this.#base = base;
    // Whatever is thrown, by a visitor or at a first header, leaves a place from which nothing can be read on.
    this.#readable = false;
    this.#records ??= this.#recognize(bytes.subarray(start, end));
    const rest =
      this.#records === undefined ? this.#unrecognized(start) : this.#records.read(bytes, start, end);
    this.#readable = rest !== -1;
    return rest === -1 ? end : rest;
  }

  #recognize(bytes: Uint8Array): RecordReader | undefined {
    if (bytes.length < MAGIC_BYTES) return undefined;
    this.#format = captureFormat(bytes);
    if (this.#format === undefined) throw notACapture(0, `0x${hex(bytes.subarray(0, MAGIC_BYTES))}`);
    if (this.#format === 'gzip') return undefined;
    return this.#format === 'pcap' ? new PcapRecords(this.#sink) : new PcapngBlocks(this.#sink);
  }

  /** Too few bytes yet, or a format that is not read here. */
  #unrecognized(start: number): number {
    return this.#format === undefined ? start : -1;
  }

  #noteDamage(damage: CaptureDamage): void {
    this.#damageCount += 1;
    if (this.#damage.length < MAX_DAMAGE) this.#damage.push(damage);
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join('');
}
