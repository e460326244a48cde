import type { FinwaitError } from '../errors.ts';
import type { FrameTaker, PcapForm } from '../model/frame-taker.ts';
import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import * as Taken from '../prediction/taken.ts';
import { ConnectionRecord } from './connection-record.ts';
import { Connections } from './connections.ts';
import { memoryRefused } from './prediction-code.ts';
import { PredictedConnection } from './predicted-connection.ts';

export interface EngineOptions {
  /**
   * Connections that may be open at once, 4,000,000 at most: half a kilobyte each. Beyond it the one that began first is
   * finished as it stands, and counted.
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

/** Of 464 octets each, and a table of 64 MiB that doubled: where they lie stays below 2³¹, positive in JavaScript. */
const GREATEST_MAX_OPEN = 4_000_000;

/**
 * From packets to connections. Fed with one reused {@link Packet} after another; allocates nothing per packet and
 * bounds what it keeps. The same engine stands behind files, pipes and the live harness.
 *
 * As long as a connection's segments are the ones expected next, {@link Connections} follow it; from the first other one
 * on, a {@link ConnectionRecord}.
 */
export class Engine implements FrameTaker {
  packets = 0;
  /** Connections that were finished early to keep within `maxOpen`. */
  evicted = 0;
  readonly #onFinished: EngineOptions['onFinished'];
  readonly #maxOpen: number;
  readonly #connections: Connections;
  /** Of connections that are not predicted any more, by where they lie. */
  readonly #records = new Map<number, ConnectionRecord>();
  readonly #freeRecords: ConnectionRecord[] = [];
  /** What a predicted connection is read into. */
  readonly #predicted = new PredictedConnection();
  readonly #finishedRecord = new ConnectionRecord();

  constructor(options: EngineOptions) {
    const { maxOpen = 1_000_000, predict = true } = options;
    if (!Number.isInteger(maxOpen) || maxOpen < 1 || maxOpen > GREATEST_MAX_OPEN)
      throw new TypeError(`maxOpen is a whole number from 1 to 4,000,000, not ${maxOpen}`);
    this.#onFinished = options.onFinished;
    this.#maxOpen = maxOpen;
    this.#connections = new Connections({ maxOpen, predict });
  }

  /** Connections seen. */
  get connections(): number {
    return this.#connections.code.connectionCount();
  }

  /** Seconds of the capture's first packet; times in records are ns after it. */
  get baseSeconds(): number {
    return this.#connections.code.baseSeconds();
  }

  /** A chunk that may be taken from then on, or views of it; {@link ROOM_BYTES} at most. */
  bring(chunk: Uint8Array): void {
    this.#connections.bring(chunk);
  }

  /** If it is in what was brought and carries the segment that is expected next; as {@link see} would its packet. */
  takeFrame(
    bytes: Uint8Array,
    start: number,
    capturedBytes: number,
    linkType: number,
    packet: Packet,
  ): boolean {
    const { code } = this.#connections;
    const place = this.#connections.placeOf(bytes);
    if (place === -1) return false;
    const { frame, seconds, nanoseconds } = packet;
    const taken = code.takeFrame(linkType, place + start, capturedBytes, frame, seconds, nanoseconds);
    if (taken === Taken.NO || taken === Taken.AFTER_DUE) return false;
    this.packets++;
    if (taken === Taken.YES_WITH_EXCESS) this.#finishExcess();
    return true;
  }

  /** As long as they are in what was brought and carry the segments that are expected next. */
  takeRecords(bytes: Uint8Array, start: number, end: number, form: PcapForm, packet: Packet): number {
    const { code } = this.#connections;
    const place = this.#connections.placeOf(bytes);
    if (place === -1) return start;
    const { linkType, recordBytes, fractionNs, littleEndian } = form;
    let at = place + start;
    for (;;) {
      const { frame } = packet;
      at = code.takeRecords(linkType, at, place + end, frame, recordBytes, fractionNs, !littleEndian);
      const count = code.takenCount();
      packet.frame += count;
      this.packets += count;
      const stop = code.stoppedBy();
      if (stop === Taken.NO) return at - place;
      if (stop === Taken.AFTER_DUE) this.#finishDue();
      else this.#finishExcess();
    }
  }

  /** @returns the id of the packet's connection */
  see(packet: Packet): number {
    const { code } = this.#connections;
    this.packets++;
    this.#connections.show(packet);
    this.#finishDue();
    const taken = code.see();
    const connection = code.currentConnection();
    if (taken !== Taken.NO) {
      const id = code.idOf(connection);
      if (taken === Taken.YES_WITH_EXCESS) this.#finishExcess();
      return id;
    }
    if (connection === 0) return this.#begin(packet, false);
    const side = code.currentSide() as 0 | 1;
    if (isOpeningSyn(packet) && this.#startsAnother(connection, packet, side)) {
      this.#recordOf(connection).noteReuse(packet.frame);
      this.#finish(connection);
      return this.#begin(packet, true);
    }
    const record = this.#recordOf(connection);
    this.#follow(record, packet, side);
    return record.id;
  }

  /** The capture is over: finishes every connection, in order of their first packets. */
  end(): void {
    const { code } = this.#connections;
    for (let first = code.longestOpen(); first !== 0; first = code.longestOpen()) this.#finish(first);
  }

  /** What an error from here says, if it is that memory for one more connection was refused. */
  memoryRefused(error: unknown): FinwaitError | undefined {
    return memoryRefused(error, `${this.#connections.code.openCount()} connections are open`);
  }

  /** The words of a record's addresses and ports, as its first packet had them. */
  keyOf(record: ConnectionRecord): Int32Array {
    return this.#connections.keyOf(record.address);
  }

  #startsAnother(connection: number, packet: Packet, side: 0 | 1): boolean {
    const record = this.#records.get(connection);
    if (record === undefined) return this.#connections.code.startsAnotherOne() === 1;
    if (!record.wireshark.startsAnother(packet, side)) return false;
    // As Wireshark has it; but a SYN that answers a SYN opens the same connection from its other end (RFC 9293 §3.5).
    return side === record.clientSide || !record.lifecycle.isOpening;
  }

  /** With a packet that has no connection. */
  #begin(packet: Packet, reused: boolean): number {
    const { code } = this.#connections;
    if (code.openCount() >= this.#maxOpen) this.#evict();
    const connection = code.open(reused);
    const id = code.idOf(connection);
    if (code.isPredicted(connection) === 1) return id;
    const record = this.#takeRecord(connection);
    record.begin(connection, id, packet, packet.atNs, reused);
    this.#follow(record, packet, 0);
    return id;
  }

  /** That looks at every segment from here on. */
  #recordOf(connection: number): ConnectionRecord {
    const known = this.#records.get(connection);
    if (known !== undefined) return known;
    const record = this.#takeRecord(connection);
    this.#read(connection, record);
    this.#connections.code.handOver(connection);
    return record;
  }

  /** A predicted connection's state, as if the record had followed it. */
  #read(connection: number, record: ConnectionRecord): void {
    const { code } = this.#connections;
    this.#connections.load(connection, this.#predicted);
    record.adopt(connection, code.idOf(connection), this.#predicted);
  }

  #follow(record: ConnectionRecord, packet: Packet, side: 0 | 1): void {
    const { code } = this.#connections;
    record.see(packet, side, packet.atNs);
    code.touch(record.address);
    if (!record.lifecycle.isOver) return;
    code.linger(record.address);
    this.#finishExcess();
  }

  /** Those that have waited long enough for stragglers. */
  #finishDue(): void {
    const { code } = this.#connections;
    for (let due = code.due(); due !== 0; due = code.due()) this.#finish(due);
  }

  /** The one too many that waits for stragglers, if one does. */
  #finishExcess(): void {
    const excess = this.#connections.code.excess();
    if (excess !== 0) this.#finish(excess);
  }

  #finish(connection: number): void {
    const own = this.#records.get(connection);
    const record = own ?? this.#finishedRecord;
    if (own === undefined) this.#read(connection, record);
    record.finish();
    this.#onFinished(record, this);
    this.#connections.code.release(connection);
    if (own === undefined) return;
    this.#records.delete(connection);
    this.#freeRecords.push(own);
  }

  #evict(): void {
    this.evicted++;
    this.#finish(this.#connections.code.longestOpen());
  }

  #takeRecord(connection: number): ConnectionRecord {
    const record = this.#freeRecords.pop() ?? new ConnectionRecord();
    this.#records.set(connection, record);
    return record;
  }
}

/** One with a wrong checksum reaches nobody. */
function isOpeningSyn({ flags, checksum }: Packet): boolean {
  return (flags & (Flag.SYN | Flag.ACK)) === Flag.SYN && checksum !== 0;
}
