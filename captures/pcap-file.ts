import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';

/** Nanosecond pcap, version 2.4. Source: draft-ietf-opsawg-pcap. */
const NANOSECOND_MAGIC = 0xa1b23c4d;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
/** More than this waiting for a slow disk is given up. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

interface Described {
  readonly snapLength: number;
  readonly linkType: number;
}

/** What a file begins with. */
export function encodePcapHeader({ snapLength, linkType }: Described): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.writeUInt32LE(NANOSECOND_MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(snapLength, 16);
  header.writeUInt32LE(linkType, 20);
  return header;
}

/** A frame, or its first octets, as the file holds it. */
export function encodePcapRecord(
  seconds: number,
  nanoseconds: number,
  originalBytes: number,
  bytes: Uint8Array,
): Buffer {
  const record = Buffer.alloc(RECORD_HEADER_BYTES + bytes.length);
  record.writeUInt32LE(seconds, 0);
  record.writeUInt32LE(nanoseconds, 4);
  record.writeUInt32LE(bytes.length, 8);
  record.writeUInt32LE(originalBytes, 12);
  record.set(bytes, RECORD_HEADER_BYTES);
  return record;
}

/** A capture file in the making. A write that fails ends the file, never the capture. */
export class PcapFile {
  readonly #stream: WriteStream;
  readonly #onFailure: (reason: string) => void;
  #failed = false;

  private constructor(stream: WriteStream, onFailure: (reason: string) => void) {
    this.#stream = stream;
    this.#onFailure = onFailure;
    stream.on('error', (error) => {
      this.#fail(error.message);
    });
  }

  /** @throws the system's error when the file cannot be opened. */
  static async open(path: string, onFailure: (reason: string) => void): Promise<PcapFile> {
    const handle = await open(path, 'w');
    return new PcapFile(handle.createWriteStream(), onFailure);
  }

  writeHeader(described: Described): void {
    this.#write(encodePcapHeader(described));
  }

  writeFrame(capturedAtNs: bigint, originalBytes: number, bytes: Uint8Array): void {
    const seconds = Number(capturedAtNs / 1_000_000_000n);
    this.#write(encodePcapRecord(seconds, Number(capturedAtNs % 1_000_000_000n), originalBytes, bytes));
  }

  /** Fulfilled once all is written, or has failed. */
  async close(): Promise<void> {
    this.#stream.end();
    try {
      await finished(this.#stream);
    } catch {
      // Told by the error listener.
    }
  }

  #write(bytes: Uint8Array): void {
    if (this.#failed) return;
    this.#stream.write(bytes);
    if (this.#stream.writableLength > MAX_QUEUED_BYTES) {
      this.#fail(`the disk is ${MAX_QUEUED_BYTES} bytes behind`);
    }
  }

  #fail(reason: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#onFailure(reason);
  }
}
