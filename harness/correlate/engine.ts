import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { ConnectionRecord } from './connection-record.ts';
import { copyKey, FlowTable, KEY_WORDS } from './flow-table.ts';

export interface EngineOptions {
  /**
   * Connections that may be open at once. Beyond it the one that began first is finished as it stands, and counted.
   * @default 1_000_000
   */
  readonly maxOpen?: number;
  /** Called when a connection is finished; the record is used again afterwards, so copy what is wanted. */
  readonly onFinished: (record: ConnectionRecord, engine: Engine) => void;
}

/** A connection that is over may still see its last ACK again: that long, in capture time. Zeek's tcp_close_delay. */
const LINGER_NS = 5e9;
/** So many at most wait that way, so that a fast capture costs no more memory than a slow one. */
const MOST_LINGERING = 512;

/**
 * From packets to connections. Fed with one reused {@link Packet} after another; allocates nothing per packet and
 * bounds what it keeps. The same engine stands behind files, pipes and the live harness.
 */
export class Engine {
  /** Seconds of the capture's first packet; times in records are ns after it. */
  baseSeconds = 0;
  packets = 0;
  /** Connections seen. */
  connections = 0;
  /** Connections that were finished early to keep within `maxOpen`. */
  evicted = 0;
  /** The second that packets come in, and its start in ns: from an array of doubles, for DOUBLE's reasons. */
  #second = 0;
  readonly #secondNs = new Float64Array(1);
  readonly #onFinished: EngineOptions['onFinished'];
  readonly #maxOpen: number;
  readonly #flows = new FlowTable();
  readonly #records: ConnectionRecord[] = [];
  /** Indices of records that are free. */
  readonly #free: number[] = [];
  #keys = new Int32Array(1024 * KEY_WORDS);
  readonly #lingering = new IndexQueue();
  /** Open ones in order of their first packets, for eviction. */
  readonly #opened = new IndexQueue();

  constructor(options: EngineOptions) {
    this.#onFinished = options.onFinished;
    this.#maxOpen = options.maxOpen ?? 1_000_000;
  }

  /** @returns the id of the packet's connection */
  see(packet: Packet): number {
    if (packet.seconds !== this.#second || this.packets === 0) this.#startSecond(packet.seconds);
    this.packets++;
    const atNs = (this.#secondNs[0] ?? 0) + packet.nanoseconds;
    if (this.#lingering.size > 0) this.#finishLingering(atNs);
    const found = this.#flows.find(packet);
    const { side } = this.#flows;
    let record = found === -1 ? undefined : this.#records[found];
    if (record !== undefined && isOpeningSyn(packet) && startsAnother(record, packet, side)) {
      record.noteReuse(packet.frame);
      this.#finish(record);
      record = this.#begin(packet, atNs, true);
      record.see(packet, 0, atNs);
      return record.id;
    }
    record ??= this.#begin(packet, atNs, false);
    record.see(packet, side, atNs);
    const { id } = record;
    if (!record.lingers && record.lifecycle.isOver) {
      record.lingers = true;
      this.#lingering.push(record.index, id);
      if (this.#lingering.size > MOST_LINGERING) this.#finishOldestLingering();
    }
    return id;
  }

  /** The capture is over: finishes every connection, in order of their first packets. */
  end(): void {
    const left = this.#records.filter((record) => record.isInUse).sort((a, b) => a.id - b.id);
    for (const record of left) this.#finish(record);
  }

  /** The words of a record's addresses and ports, as its first packet had them. */
  keyOf(record: ConnectionRecord): Int32Array {
    return this.#keys.subarray(record.index * KEY_WORDS, (record.index + 1) * KEY_WORDS);
  }

  #startSecond(second: number): void {
    if (this.packets === 0) this.baseSeconds = second;
    this.#second = second;
    this.#secondNs[0] = (second - this.baseSeconds) * 1e9;
  }

  #begin(packet: Packet, atNs: number, reused: boolean): ConnectionRecord {
    if (this.#flows.size >= this.#maxOpen) this.#evict();
    const index = this.#free.pop() ?? this.#records.length;
    const record = (this.#records[index] ??= new ConnectionRecord(index));
    if ((index + 1) * KEY_WORDS > this.#keys.length) {
      const wider = new Int32Array(this.#keys.length * 2);
      wider.set(this.#keys);
      this.#keys = wider;
    }
    copyKey(packet, this.#keys, index * KEY_WORDS);
    this.#flows.find(packet);
    this.#flows.insert(packet, index);
    record.begin(++this.connections, packet, atNs, reused);
    this.#opened.push(index, record.id);
    // Most that were opened are finished by now: what is left of them goes when it outweighs those that are not.
    if (this.#opened.size > 1024 + 2 * this.#flows.size)
      this.#opened.keep((at, id) => this.#isCurrent(at, id));
    return record;
  }

  #finish(record: ConnectionRecord): void {
    record.tracker.finish();
    this.#onFinished(record, this);
    this.#flows.remove(this.#keys, record.index * KEY_WORDS, record.index);
    record.isInUse = false;
    this.#free.push(record.index);
  }

  #finishLingering(nowNs: number): void {
    for (;;) {
      const record = this.#current(this.#lingering);
      if (record === undefined) {
        if (this.#lingering.size === 0) return;
        this.#lingering.shift();
        continue;
      }
      if (record.lastNs + LINGER_NS > nowNs) return;
      this.#finish(record);
      this.#lingering.shift();
    }
  }

  #finishOldestLingering(): void {
    const record = this.#current(this.#lingering);
    if (record !== undefined) this.#finish(record);
    this.#lingering.shift();
  }

  #evict(): void {
    while (this.#opened.size > 0) {
      const record = this.#current(this.#opened);
      this.#opened.shift();
      if (record === undefined) continue;
      this.evicted++;
      this.#finish(record);
      return;
    }
  }

  /** The record at the head of a queue, unless it was finished, or serves another connection, by now. */
  #current(queue: IndexQueue): ConnectionRecord | undefined {
    return this.#isCurrent(queue.index, queue.id) ? this.#records[queue.index] : undefined;
  }

  #isCurrent(index: number, id: number): boolean {
    const record = this.#records[index];
    return record?.isInUse === true && record.id === id;
  }
}

/** As Wireshark has it; but a SYN that answers a SYN opens the same connection from its other end (RFC 9293 §3.5). */
function startsAnother(record: ConnectionRecord, packet: Packet, side: 0 | 1): boolean {
  if (!record.wireshark.startsAnother(packet, side)) return false;
  return side === record.clientSide || !record.lifecycle.isOpening;
}

function isOpeningSyn({ flags }: Packet): boolean {
  return (flags & (Flag.SYN | Flag.ACK)) === Flag.SYN;
}

/** A queue of record indices with the ids that they had, over a ring of numbers. */
class IndexQueue {
  #indices = new Int32Array(1024);
  #ids = new Float64Array(1024);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Of the head; -1 when the queue is empty. */
  get index(): number {
    return this.#size === 0 ? -1 : (this.#indices[this.#head] ?? -1);
  }

  get id(): number {
    return this.#ids[this.#head] ?? -1;
  }

  push(index: number, id: number): void {
    if (this.#size === this.#indices.length) this.#grow();
    const at = (this.#head + this.#size++) & (this.#indices.length - 1);
    this.#indices[at] = index;
    this.#ids[at] = id;
  }

  shift(): void {
    if (this.#size === 0) return;
    this.#head = (this.#head + 1) & (this.#indices.length - 1);
    this.#size--;
  }

  /** Leaves out the others; keeps the order. */
  keep(isKept: (index: number, id: number) => boolean): void {
    for (let left = this.#size; left > 0; left--) {
      const { index, id } = this;
      this.shift();
      if (isKept(index, id)) this.push(index, id);
    }
  }

  #grow(): void {
    const capacity = this.#indices.length;
    const indices = new Int32Array(capacity * 2);
    const ids = new Float64Array(capacity * 2);
    for (let offset = 0; offset < this.#size; offset++) {
      const at = (this.#head + offset) & (capacity - 1);
      indices[offset] = this.#indices[at] ?? 0;
      ids[offset] = this.#ids[at] ?? 0;
    }
    this.#indices = indices;
    this.#ids = ids;
    this.#head = 0;
  }
}
