import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FinwaitError } from '../errors.ts';
import type { CallSite, NodeEvent } from '../model/node-event.ts';
import { type EventLayout, eventOf, valueCount } from '../model/node-event-layout.ts';
import {
  HEAD_BYTES,
  HeadOffset,
  MAGIC,
  RECORD_FILE,
  type RecordHeader,
  RecordType,
} from './record-format.ts';

/** What one thread of one process recorded. */
export interface ThreadRecord {
  readonly file: string;
  readonly header: Omit<RecordHeader, 'layouts'>;
  /** In order of time. */
  readonly events: readonly NodeEvent[];
  /** What the bound on the file's size left out. */
  readonly leftOut: { readonly sockets: number; readonly events: number };
  /** False when it was killed, or still runs: its last few ms may be missing. */
  readonly ended: boolean;
  /** True when the file ends inside a record: the disk was full, or it was cut later. */
  readonly cut: boolean;
}

/**
 * Everything that the processes of a run recorded, one entry a thread, oldest first.
 * @throws FinwaitError ERR_FINWAIT_FORMAT for a file that is no record, naming it
 */
export async function readRunDirectory(directory: string): Promise<ThreadRecord[]> {
  const names = (await readdir(directory)).filter((name) => RECORD_FILE.test(name));
  const records = await Promise.all(
    names.map(async (name) => decodeRecord(name, await readFile(join(directory, name)))),
  );
  return records
    .filter((record) => record !== undefined)
    .sort((a, b) => compare(BigInt(a.header.startedAtNs), BigInt(b.header.startedAtNs)));
}

/** The events of several threads in one order of time. */
export function mergeEvents(records: readonly ThreadRecord[]): NodeEvent[] {
  return records.flatMap(({ events }) => events).sort((a, b) => compare(a.atNs, b.atNs));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * One file's bytes as a record.
 * @returns undefined for a file that its process had only just opened: nothing was written yet
 * @throws FinwaitError ERR_FINWAIT_FORMAT when it is no record of a version that this code knows
 */
export function decodeRecord(file: string, bytes: Uint8Array): ThreadRecord | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes.length < HEAD_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new FinwaitError('ERR_FINWAIT_FORMAT', `${file} is no node record of version ${MAGIC.at(-1) ?? 0}`);
  }
  const head = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const decoder = new Decoder(bytes.subarray(HEAD_BYTES));
  decoder.run();
  if (decoder.header === undefined) return undefined;
  const { layouts: _layouts, ...header } = decoder.header;
  return {
    file,
    header,
    events: decoder.events.sort((a, b) => compare(a.atNs, b.atNs)),
    leftOut: {
      sockets: head.getFloat64(HeadOffset.leftOutSockets, true),
      events: head.getFloat64(HeadOffset.leftOutEvents, true),
    },
    ended: head.getFloat64(HeadOffset.ended, true) === 1,
    cut: decoder.cut,
  };
}

/** Reads the record of a thread that still runs, as it grows. */
export class GrowingRecord {
  readonly #decoder = new Decoder(new Uint8Array());
  #hasHead = false;

  /**
   * Reads on.
   * @param bytes of the file, from where the last call ended
   * @returns the events in them, and how many octets were read: what is not whole yet is to be given again
   */
  read(bytes: Uint8Array): { readonly events: readonly NodeEvent[]; readonly bytes: number } {
    if (!this.#hasHead && bytes.length < HEAD_BYTES) return { events: [], bytes: 0 };
    const head = this.#hasHead ? 0 : HEAD_BYTES;
    this.#hasHead = true;
    const read = this.#decoder.readOn(bytes.subarray(head));
    return { events: this.#decoder.events.splice(0), bytes: head + read };
  }
}

/** Thrown where the bytes end inside a record, and caught in {@link Decoder.run}. */
class CutShort extends Error {}

class Decoder {
  header: RecordHeader | undefined;
  readonly events: NodeEvent[] = [];
  cut = false;
  #bytes: Uint8Array;
  #at = 0;
  /** Where the record that is being read starts. */
  #recordAt = 0;
  #layouts: readonly (EventLayout & { readonly count: number })[] = [];
  #lastNs = 0n;
  readonly #texts = new Map<number, string>();
  readonly #sites = new Map<number, CallSite>();
  readonly #definitions = {
    text: (id: number): string | undefined => this.#texts.get(id),
    site: (id: number): CallSite | undefined => this.#sites.get(id),
  };

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  run(): void {
    this.cut = false;
    try {
      while (this.#at < this.#bytes.length && this.#bytes[this.#at] !== 0) {
        this.#recordAt = this.#at;
        this.#record();
      }
    } catch (error) {
      if (!(error instanceof CutShort)) throw error;
      this.cut = true;
    }
  }

  /** Octets of whole records; the rest is to come again, with what follows it. */
  readOn(bytes: Uint8Array): number {
    this.#bytes = bytes;
    this.#at = 0;
    this.run();
    return this.cut ? this.#recordAt : this.#at;
  }

  #record(): void {
    const type = this.#varint();
    if (type >= RecordType.event) {
      this.#event(type - RecordType.event);
    } else if (type === RecordType.header) {
      this.header = JSON.parse(this.#string()) as RecordHeader;
      this.#lastNs = BigInt(this.header.startedAtNs);
      this.#layouts = (this.header.layouts as EventLayout[]).map((each) => ({
        ...each,
        count: valueCount(each),
      }));
    } else if (type === RecordType.text) {
      this.#texts.set(this.#varint(), this.#string());
    } else if (type === RecordType.site) {
      this.#sites.set(this.#varint(), JSON.parse(this.#string()) as CallSite);
    } else {
      throw new CutShort();
    }
  }

  #event(code: number): void {
    const layout = this.#layouts[code];
    if (this.header === undefined || layout === undefined) throw new CutShort();
    const zigzag = this.#varint();
    const deltaNs = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    const atNs = this.#lastNs + BigInt(deltaNs);
    const subject = this.#varint();
    const values: number[] = [];
    for (let index = 0; index < layout.count; index++) values.push(this.#varint() - 1);
    this.#lastNs = atNs;
    const { pid, threadId } = this.header;
    this.events.push(eventOf(layout, { atNs, pid, threadId, subject }, values, this.#definitions));
  }

  /** LEB128. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new CutShort();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  #string(): string {
    const byteLength = this.#varint();
    const from = this.#at;
    this.#at += byteLength;
    if (this.#at > this.#bytes.length) throw new CutShort();
    return new TextDecoder().decode(this.#bytes.subarray(from, this.#at));
  }
}
