import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { ConnectionRecord } from './connection-record.ts';
import { FlowTable } from './flow-table.ts';
import { HeaderPrediction, Taken } from './header-prediction.ts';
import { PredictedConnection } from './predicted-connection.ts';
import { SlotList } from './slot-list.ts';
import { By, Slots } from './slots.ts';

export interface EngineOptions {
  /**
   * Connections that may be open at once. Beyond it the one that began first is finished as it stands, and counted.
   * @default 1_000_000
   */
  readonly maxOpen?: number;
  /**
   * Take the segments that are expected next the short way. The results are the same without, and come slower.
   * @default true
   */
  readonly predict?: boolean;
  /** Called when a connection is finished; the record is used again afterwards, so copy what is wanted. */
  readonly onFinished: (record: ConnectionRecord, engine: Engine) => void;
}

/** A connection that is over may still see its last ACK again: that long, in capture time. Zeek's tcp_close_delay. */
const LINGER_NS = 5e9;
/** So many at most wait that way, so that a fast capture costs no more memory than a slow one. */
const MOST_LINGERING = 4096;

/**
 * From packets to connections. Fed with one reused {@link Packet} after another; allocates nothing per packet and
 * bounds what it keeps. The same engine stands behind files, pipes and the live harness.
 *
 * Each connection has a slot: a small integer under which all that is known of it is kept. As long as its segments are
 * the ones expected next, {@link HeaderPrediction} follows it; from the first other one on, a {@link ConnectionRecord}.
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
  /** Before then none of those that linger is to be finished; an array for the same reason. */
  readonly #lingerUntilNs = new Float64Array([Number.POSITIVE_INFINITY]);
  readonly #onFinished: EngineOptions['onFinished'];
  readonly #maxOpen: number;
  readonly #predicts: boolean;
  readonly #flows = new FlowTable();
  readonly #prediction = new HeaderPrediction();
  readonly #slots = new Slots();
  readonly #records: (ConnectionRecord | undefined)[] = [];
  readonly #freeRecords: ConnectionRecord[] = [];
  readonly #lingering = new SlotList();
  /** Open ones in order of their first packets. */
  readonly #opened = new SlotList();
  /** What a predicted connection is read into. */
  readonly #predicted = new PredictedConnection();
  readonly #finishedRecord = new ConnectionRecord();

  constructor(options: EngineOptions) {
    this.#onFinished = options.onFinished;
    const { maxOpen = 1_000_000 } = options;
    if (!Number.isSafeInteger(maxOpen) || maxOpen < 1)
      throw new TypeError(`maxOpen is a whole number from 1, not ${maxOpen}`);
    this.#maxOpen = maxOpen;
    this.#predicts = options.predict ?? true;
  }

  /** @returns the id of the packet's connection */
  see(packet: Packet): number {
    if (packet.seconds !== this.#second || this.packets === 0) this.#startSecond(packet.seconds);
    this.packets++;
    packet.atNs = (this.#secondNs[0] ?? 0) + packet.nanoseconds;
    if (packet.atNs >= (this.#lingerUntilNs[0] ?? 0)) this.#finishLingering(packet.atNs);
    const flows = this.#flows;
    const slot = flows.find(packet);
    if (slot === -1) return this.#begin(packet, false);
    const { side } = flows;
    if (isOpeningSyn(packet) && this.#startsAnother(slot, packet, side)) {
      this.#noteReuse(slot, packet.frame);
      this.#finish(slot);
      flows.find(packet);
      return this.#begin(packet, true);
    }
    if (this.#slots.followedBy[slot] === By.PREDICTION) {
      const taken = this.#prediction.see(slot, side, packet);
      if (taken === Taken.LAST) this.#linger(slot);
      if (taken !== Taken.NO) return this.#slots.ids[slot] ?? 0;
      this.#handOver(slot);
    }
    this.#see(slot, packet, side);
    return this.#slots.ids[slot] ?? 0;
  }

  /** The capture is over: finishes every connection, in order of their first packets. */
  end(): void {
    while (this.#opened.size > 0) this.#finish(this.#opened.first);
  }

  /** The words of a record's addresses and ports, as its first packet had them. */
  keyOf(record: ConnectionRecord): Int32Array {
    return this.#flows.keyOf(record.slot);
  }

  #startSecond(second: number): void {
    if (this.packets === 0) this.baseSeconds = second;
    this.#second = second;
    this.#secondNs[0] = (second - this.baseSeconds) * 1e9;
  }

  #startsAnother(slot: number, packet: Packet, side: 0 | 1): boolean {
    if (this.#slots.followedBy[slot] === By.PREDICTION)
      return this.#prediction.startsAnother(slot, side, packet.sequenceNumber);
    const record = this.#records[slot];
    if (record?.wireshark.startsAnother(packet, side) !== true) return false;
    // As Wireshark has it; but a SYN that answers a SYN opens the same connection from its other end (RFC 9293 §3.5).
    return side === record.clientSide || !record.lifecycle.isOpening;
  }

  #noteReuse(slot: number, frame: number): void {
    if (this.#slots.followedBy[slot] === By.PREDICTION) this.#handOver(slot);
    this.#records[slot]?.noteReuse(frame);
  }

  /** Directly after a find() that found nothing. */
  #begin(packet: Packet, reused: boolean): number {
    if (this.#flows.size >= this.#maxOpen) {
      this.#evict();
      this.#flows.find(packet);
    }
    const slot = this.#slots.take();
    // A place for each slot from the start: an array with holes is slow.
    if (slot === this.#records.length) this.#records.push(undefined);
    const id = ++this.connections;
    this.#flows.insert(packet, slot);
    this.#opened.add(slot);
    this.#slots.ids[slot] = id;
    if (this.#predicts && this.#prediction.begin(slot, packet, reused)) {
      this.#slots.followedBy[slot] = By.PREDICTION;
      return id;
    }
    const record = this.#takeRecord(slot);
    record.begin(slot, id, packet, packet.atNs, reused);
    this.#see(slot, packet, 0);
    return id;
  }

  /** From here on somebody looks at every segment. */
  #handOver(slot: number): void {
    const record = this.#takeRecord(slot);
    this.#read(slot, record);
  }

  /** A predicted connection's state, as if the record had followed it. */
  #read(slot: number, record: ConnectionRecord): void {
    const predicted = this.#predicted;
    this.#prediction.load(slot, predicted);
    record.adopt(slot, this.#slots.ids[slot] ?? 0, predicted);
  }

  #see(slot: number, packet: Packet, side: 0 | 1): void {
    const record = this.#records[slot];
    if (record === undefined) return;
    record.see(packet, side, packet.atNs);
    if (record.lifecycle.isOver) this.#linger(slot);
  }

  #linger(slot: number): void {
    if (this.#slots.lingers[slot] === 1) return;
    this.#slots.lingers[slot] = 1;
    if (this.#lingering.size === 0) this.#lingerUntilNs[0] = this.#lastNs(slot) + LINGER_NS;
    this.#lingering.add(slot);
    if (this.#lingering.size > MOST_LINGERING) this.#finish(this.#lingering.first);
  }

  #finishLingering(nowNs: number): void {
    const lingering = this.#lingering;
    this.#lingerUntilNs[0] = Number.POSITIVE_INFINITY;
    while (lingering.size > 0) {
      const untilNs = this.#lastNs(lingering.first) + LINGER_NS;
      if (untilNs > nowNs) {
        this.#lingerUntilNs[0] = untilNs;
        return;
      }
      this.#finish(lingering.first);
    }
  }

  #lastNs(slot: number): number {
    if (this.#slots.followedBy[slot] === By.PREDICTION) return this.#prediction.lastNs(slot);
    return this.#records[slot]?.lastNs ?? 0;
  }

  #finish(slot: number): void {
    let record = this.#records[slot];
    const isOwn = this.#slots.followedBy[slot] === By.RECORD;
    if (!isOwn || record === undefined) {
      record = this.#finishedRecord;
      this.#read(slot, record);
    }
    record.finish();
    this.#onFinished(record, this);
    if (isOwn) this.#freeRecords.push(record);
    if (this.#slots.lingers[slot] === 1) this.#lingering.remove(slot);
    this.#opened.remove(slot);
    this.#flows.remove(slot);
    this.#slots.release(slot);
  }

  #evict(): void {
    this.evicted++;
    this.#finish(this.#opened.first);
  }

  #takeRecord(slot: number): ConnectionRecord {
    const record = this.#freeRecords.pop() ?? new ConnectionRecord();
    this.#records[slot] = record;
    this.#slots.followedBy[slot] = By.RECORD;
    return record;
  }
}

/** One with a wrong checksum reaches nobody. */
function isOpeningSyn({ flags, checksum }: Packet): boolean {
  return (flags & (Flag.SYN | Flag.ACK)) === Flag.SYN && checksum !== 0;
}
