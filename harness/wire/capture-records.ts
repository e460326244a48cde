import type { Packet } from '../model/packet.ts';
import type { FrameTaker } from '../model/frame-taker.ts';
import type { CaptureDamage } from './capture-damage.ts';

/**
 * Called with each frame that was not taken as it lies: `bytes` holds it from `start` on, valid until the call returns;
 * frame and time are in the packet. It must not throw.
 */
export type FrameVisitor = (
  bytes: Uint8Array,
  start: number,
  capturedBytes: number,
  originalBytes: number,
  linkType: number,
  packet: Packet,
) => void;

/** Where frames were captured. */
export interface CaptureInterface {
  /** As in {@link LinkType}. */
  readonly linkType: number;
  /** Octets kept of each frame; 0 for no limit. */
  readonly snapLength: number;
  /** A tick of its clock is `base` to the minus `exponent` of a second. */
  readonly resolution: { readonly base: 10 | 2; readonly exponent: number };
  /** Added to all its times. */
  readonly offsetSeconds: number;
}

/** What a format's reader is given to work with. */
export interface RecordSink {
  readonly visit: FrameVisitor;
  readonly taker: FrameTaker | undefined;
  readonly packet: Packet;
  addInterface(described: CaptureInterface): void;
  /** `offset` is one into the bytes that are being read. */
  damage(kind: CaptureDamage['kind'], offset: number, problem: string): void;
}

/** The records or blocks of one format. */
export interface RecordReader {
  /** Octets that the next record takes at least, from where the last `read` ended. */
  readonly needed: number;
  readonly littleEndian: boolean;
  /** Reads what is whole between two offsets; returns where the rest starts, or -1 when nothing more can be read. */
  read(bytes: Uint8Array, start: number, end: number): number;
}
