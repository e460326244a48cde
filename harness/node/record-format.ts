/**
 * The record file of one thread: 64 bytes of head, then records, each whole in one write (longer than 64 KiB: in several).
 *
 * | offset | bytes | field                                                        |
 * | ------ | ----- | ------------------------------------------------------------ |
 * | 0      | 8     | `finwait` and the format's version, 1                        |
 * | 8      | 8     | sockets left out for want of room (float64, little-endian)   |
 * | 16     | 8     | events left out, theirs included (float64)                   |
 * | 24     | 8     | 1 when the thread ended of its own accord (float64)          |
 * | 32     | 32    | zero                                                         |
 *
 * A record is a type and varints (LEB128, unsigned); 0 is no type, so that a tail of zeros ends a file.
 * Event: type = 16 + code, Δt in ns since the event before (zigzag), subject, then each value + 1.
 */
export const MAGIC: Uint8Array = Uint8Array.of(0x66, 0x69, 0x6e, 0x77, 0x61, 0x69, 0x74, 1);

export const HEAD_BYTES = 64;

export const HeadOffset = {
  leftOutSockets: 8,
  leftOutEvents: 16,
  ended: 24,
} as const;

export const RecordType = {
  /** Byte length, JSON of {@link RecordHeader}. The first record. */
  header: 1,
  /** Id, byte length, UTF-8. */
  text: 2,
  /** Id, byte length, JSON of a {@link CallSite}. */
  site: 3,
  /** Plus the event's code. */
  event: 16,
} as const;

/** What the first record of a file says. */
export interface RecordHeader {
  readonly pid: number;
  readonly parentPid: number;
  readonly threadId: number;
  readonly nodeVersion: string;
  readonly execPath: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Decimal monotonic ns; the first event's Δt counts from it. */
  readonly startedAtNs: string;
  /** Decimal ns since the epoch at the same moment, to a ms or so. */
  readonly startedEpochNs: string;
  /** The layouts by code, as EVENT_LAYOUTS was when the file was written. */
  readonly layouts: readonly unknown[];
}

/** `node-PID-THREAD-START.fwr`: START tells apart a process id that came back. */
export const RECORD_FILE: RegExp = /^node-(\d+)-(\d+)-([0-9a-z]+)\.fwr$/;
