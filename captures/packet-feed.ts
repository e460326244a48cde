import type { Segment } from '../harness/model/segment.ts';
import type { DecodeIssue } from '../harness/wire/decode-issue.ts';
import { PacketQueue, type PacketStream } from './packet-queue.ts';

export interface CapturedPacket {
  /** Ordinal in this capture, from 1; fence markers are not counted. */
  readonly frame: number;
  /** ns since the epoch, as the kernel stamped it. */
  readonly capturedAtNs: bigint;
  /** Octets on the wire. */
  readonly originalBytes: number;
  /** The frame's link, tunnel, IP and TCP (or UDP) headers; payload cut off. */
  readonly headers: Uint8Array;
  /**
   * Absent when the packet is not TCP, is a fragment, or could not be decoded. A fragmented segment is with the
   * fragment that completes it.
   */
  readonly segment?: Segment;
  /** What stopped the decoding; with a `segment` it concerns the TCP options only. */
  readonly issue?: DecodeIssue;
}

type PacketListener = (packet: CapturedPacket) => void;

const MAX_QUEUED_PACKETS = 65_536;

/** Hands each packet to every subscriber, in order. */
export class PacketFeed {
  readonly #listeners = new Set<PacketListener>();
  readonly #queues = new Set<PacketQueue<CapturedPacket>>();
  #ended = false;

  onPacket(listener: PacketListener): () => void {
    // Wrapped, so that the same function subscribed twice is two subscriptions.
    const subscription: PacketListener = (packet) => {
      listener(packet);
    };
    this.#listeners.add(subscription);
    return () => void this.#listeners.delete(subscription);
  }

  packets(): PacketStream<CapturedPacket> {
    const queue: PacketQueue<CapturedPacket> = new PacketQueue(MAX_QUEUED_PACKETS, () => {
      this.#queues.delete(queue);
    });
    if (this.#ended) queue.end();
    else this.#queues.add(queue);
    return queue;
  }

  show(packet: CapturedPacket): void {
    for (const queue of this.#queues) queue.push(packet);
    for (const listener of this.#listeners) callListener(listener, packet);
  }

  /** Readers get what they have queued, then the end, or the error. */
  end(error?: Error): void {
    this.#ended = true;
    for (const queue of this.#queues) queue.end(error);
  }
}

/** A listener that throws must not keep a packet from the others: its error surfaces as uncaught. */
function callListener(listener: PacketListener, packet: CapturedPacket): void {
  try {
    listener(packet);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
