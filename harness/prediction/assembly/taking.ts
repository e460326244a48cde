/** Segments that are expected next are taken here: one that is shown, a frame as it lies, or record after record. */
import * as Taken from '../taken.ts';
import { setTime } from './clock.ts';
import * as Flows from './flow-table.ts';
import { readFrame, setLink } from './frame.ts';
import { due, excess, isPredicted, linger, openPredicted } from './lives.ts';
import { isOver, predict, startsAnother } from './prediction.ts';

/** Offsets in a record of classic pcap. Source: draft-ietf-opsawg-pcap. */
const RECORD_SECONDS = 0;
const RECORD_FRACTION = 4;
const RECORD_CAPTURED_BYTES = 8;
const SECOND_NS: u64 = 1_000_000_000;

/** The segment's connection. */
let current: usize = 0;
let recordsTaken: i32 = 0;
let stop: i32 = Taken.NO;

/**
 * Finds the segment's connection, and takes the segment if it is the one expected next.
 * @returns NO, YES or YES_WITH_EXCESS of {@link Taken}; currentConnection() and currentSide() tell whose, and which way
 */
export function see(): i32 {
  current = Flows.find();
  if (current === 0) {
    current = openPredicted();
    return current === 0 ? Taken.NO : Taken.YES;
  }
  if (!isPredicted(current)) return Taken.NO;
  if (!predict(current, Flows.side)) return Taken.NO;
  if (!isOver(current)) return Taken.YES;
  linger(current);
  return excess() === 0 ? Taken.YES : Taken.YES_WITH_EXCESS;
}

export function currentConnection(): usize {
  return current;
}

/** 0 when the segment goes the way of the connection's first one, 1 when it comes back. */
export function currentSide(): i32 {
  return Flows.side;
}

/** Whether the segment, a SYN, begins another connection between the ports of its own one, which is predicted. */
export function startsAnotherOne(): bool {
  return startsAnother(current, Flows.side);
}

/**
 * Takes a frame, if it carries the segment that is expected next.
 * @param frame where it lies
 * @param number its ordinal in the capture
 * @returns one of {@link Taken}
 */
export function takeFrame(
  linkType: i32,
  frame: usize,
  capturedBytes: i32,
  number: i32,
  seconds: f64,
  nanoseconds: f64,
): i32 {
  return setLink(linkType) ? take(frame, capturedBytes, number, seconds, nanoseconds) : Taken.NO;
}

/**
 * Takes records of classic pcap, one after the other, as long as their frames carry the segments that are expected next.
 * @param number ordinal of the frame before them
 * @param recordBytes of what stands before each frame
 * @param isSwapped whether their numbers are big-endian
 * @returns where the first lies that was not taken; stoppedBy() tells why not, takenCount() how many were
 */
export function takeRecords(
  linkType: i32,
  start: usize,
  end: usize,
  number: i32,
  recordBytes: i32,
  fractionNs: i32,
  isSwapped: bool,
): usize {
  let at = start;
  recordsTaken = 0;
  stop = Taken.NO;
  if (!setLink(linkType)) return at;
  while (end - at >= (recordBytes as usize)) {
    const capturedBytes = word(at, RECORD_CAPTURED_BYTES, isSwapped);
    const frame = at + recordBytes;
    // One that is not whole, or claims more than any frame has, is for harness/wire/.
    if (end - frame < (capturedBytes as usize)) break;
    const nanoseconds = (word(at, RECORD_FRACTION, isSwapped) as u64) * fractionNs;
    // Some writers' fractions are a second or more, which is carried there.
    if (nanoseconds >= SECOND_NS) break;
    const seconds = word(at, RECORD_SECONDS, isSwapped);
    stop = take(frame, capturedBytes, number + recordsTaken + 1, seconds as f64, nanoseconds as f64);
    if (stop === Taken.NO || stop === Taken.AFTER_DUE) break;
    recordsTaken++;
    at = frame + capturedBytes;
    if (stop === Taken.YES_WITH_EXCESS) break;
    stop = Taken.NO;
  }
  return at;
}

/** Of the last takeRecords(). */
export function takenCount(): i32 {
  return recordsTaken;
}

/** YES_WITH_EXCESS or AFTER_DUE when it is to be called again once that is dealt with, otherwise NO. */
export function stoppedBy(): i32 {
  return stop;
}

function take(frame: usize, capturedBytes: i32, number: i32, seconds: f64, nanoseconds: f64): i32 {
  if (!readFrame(frame, capturedBytes, number)) return Taken.NO;
  setTime(seconds, nanoseconds);
  return due() === 0 ? see() : Taken.AFTER_DUE;
}

function word(record: usize, offset: usize, isSwapped: bool): u32 {
  const value = load<u32>(record + offset);
  return isSwapped ? bswap<u32>(value) : value;
}
