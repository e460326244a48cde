import type { Packet } from '../model/packet.ts';
import { MAX_FRAME_BYTES } from '../model/frame-taker.ts';
import type { PredictionCode } from '../prediction/code.ts';
import { KEY, KEY_WORDS } from '../prediction/connection.ts';
import { loadConnection } from './load-predicted.ts';
import type { PredictedConnection } from './predicted-connection.ts';
import { instantiate } from './prediction-code.ts';
import { PredictedRoundTrips } from './predicted-round-trips.ts';
import { zeekIpBytes } from './zeek-connection.ts';

export interface ConnectionsOptions {
  /** Connections that may be open at once. */
  readonly maxOpen: number;
  /** Take the segments that are expected next the short way. */
  readonly predict: boolean;
  /** Entries of the flow table to begin with, a power of two. @default 16_384 */
  readonly tableCapacity?: number;
}

/** Octets that are brought at once. */
export const ROOM_BYTES: number = MAX_FRAME_BYTES;

/**
 * The connections that are open, in memory of WebAssembly, and the short way through them. A connection is known by
 * where it lies there, a positive integer.
 */
export class Connections {
  /** What can be asked and done without a packet. */
  readonly code: PredictionCode;
  readonly #roundTrips: PredictedRoundTrips = new PredictedRoundTrips();
  readonly #room: number;
  #words: Int32Array;
  #doubles: Float64Array;
  /** What was brought last; the bytes that were asked for last, and where they lie. */
  #chunk: Uint8Array | undefined;
  #bytes: Uint8Array | undefined;
  #place = -1;

  constructor({ maxOpen, predict, tableCapacity = 16_384 }: ConnectionsOptions) {
    const limits = { maxOpen, predict, tableCapacity, roomBytes: ROOM_BYTES };
    const { code, room } = instantiate(limits, (end, samples, seconds) => {
      this.#look();
      this.#roundTrips.keep(this.#doubles, end, samples, seconds);
    });
    this.code = code;
    this.#room = room;
    this.#words = new Int32Array(this.code.memory.buffer);
    this.#doubles = new Float64Array(this.code.memory.buffer);
  }

  /**
   * Brings what is to be read next where {@link placeOf} finds it.
   * @throws RangeError if that is more than {@link ROOM_BYTES}
   */
  bring(chunk: Uint8Array): void {
    if (chunk.length > ROOM_BYTES) throw new RangeError(`${chunk.length} octets are more than ${ROOM_BYTES}`);
    new Uint8Array(this.code.memory.buffer, this.#room, chunk.length).set(chunk);
    this.#chunk = chunk;
    this.#bytes = undefined;
  }

  /** Where the first of the bytes lies in memory, if they are a view of what was brought; otherwise -1. */
  placeOf(bytes: Uint8Array): number {
    // For frame after frame of one view: to ask it for its buffer takes V8 50 ns.
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#place = this.#find(bytes);
    }
    return this.#place;
  }

  /** The packet is what the code looks at from here on; sets its time. */
  show(packet: Packet): void {
    const isOdd = packet.checksum === 0 || packet.fastOpen === 1 || packet.payloadBytes > 0x7fff_ffff;
    packet.atNs = this.code.show(
      packet.frame,
      packet.seconds,
      packet.nanoseconds,
      packet.ipVersion,
      packet.source0,
      packet.source1,
      packet.source2,
      packet.source3,
      packet.destination0,
      packet.destination1,
      packet.destination2,
      packet.destination3,
      (packet.sourcePort << 16) | packet.destinationPort,
      zeekIpBytes(packet),
      packet.sequenceNumber,
      packet.acknowledgmentNumber,
      packet.flags,
      packet.window,
      packet.payloadBytes,
      packet.windowScale,
      isOdd,
    );
  }

  /** What is known of a connection that is predicted: for analyzers that are to go on with it, or be asked about it. */
  load(connection: number, into: PredictedConnection): void {
    this.#look();
    loadConnection(this.#words, this.#doubles, connection, into);
    this.#roundTrips.load(connection, into);
  }

  /** The words of its addresses and ports, as its first packet had them, and of the IP version. */
  keyOf(connection: number): Int32Array {
    return new Int32Array(this.code.memory.buffer, connection + KEY, KEY_WORDS);
  }

  #find(bytes: Uint8Array): number {
    const chunk = this.#chunk;
    if (chunk === undefined || bytes.buffer !== chunk.buffer) return -1;
    const offset = bytes.byteOffset - chunk.byteOffset;
    return offset >= 0 && offset + bytes.length <= chunk.length ? this.#room + offset : -1;
  }

  /** Memory that grew is seen through new views. */
  #look(): void {
    if (this.#words.length > 0) return;
    this.#words = new Int32Array(this.code.memory.buffer);
    this.#doubles = new Float64Array(this.code.memory.buffer);
  }
}
