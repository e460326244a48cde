/**
 * The connections of a capture, and the way that most of their segments go. In WebAssembly, since that is quick from its
 * first call on; JavaScript is not until a few ten thousand segments have gone through it. What is exported here,
 * harness/correlate/ calls. A connection is known by where it lies in memory; 0 is none.
 */
// Of those that are exported again below, WebAssembly makes its exports.
import { baseSeconds, setTime } from './clock.ts';
import { hashOf, setSeeds } from './flow-hash.ts';
import { makeTable } from './flow-table.ts';
import {
  connectionCount,
  due,
  excess,
  handOver,
  idOf,
  isPredicted,
  linger,
  longestOpen,
  open,
  openCount,
  release,
  setLimits,
  touch,
} from './lives.ts';
import { Segment } from './segment.ts';
import {
  currentConnection,
  currentSide,
  see,
  startsAnotherOne,
  stoppedBy,
  takeFrame,
  takenCount,
  takeRecords,
} from './taking.ts';

export { baseSeconds, hashOf, setSeeds };
export {
  connectionCount,
  due,
  excess,
  handOver,
  idOf,
  isPredicted,
  linger,
  longestOpen,
  open,
  openCount,
  release,
  touch,
};
export {
  currentConnection,
  currentSide,
  see,
  startsAnotherOne,
  stoppedBy,
  takeFrame,
  takenCount,
  takeRecords,
};

/** @param tableCapacity entries of the flow table to begin with, a power of two */
export function setUp(maxOpen: i32, predicts: bool, tableCapacity: u32): void {
  setLimits(maxOpen, predicts);
  makeTable(tableCapacity);
}

/** Room for octets of frames. @returns where it is */
export function makeRoom(bytes: usize): usize {
  return heap.alloc(bytes);
}

/** Shows a segment that was read elsewhere. @returns its time, as {@link Segment} has it */
export function show(
  frame: i32,
  seconds: f64,
  nanoseconds: f64,
  ipVersion: i32,
  source0: i32,
  source1: i32,
  source2: i32,
  source3: i32,
  destination0: i32,
  destination1: i32,
  destination2: i32,
  destination3: i32,
  ports: i32,
  ipBytes: i32,
  sequenceNumber: i32,
  acknowledgmentNumber: i32,
  flags: i32,
  window: i32,
  payloadBytes: i32,
  windowScale: i32,
  isOdd: bool,
): f64 {
  setTime(seconds, nanoseconds);
  Segment.frame = frame;
  Segment.ipVersion = ipVersion;
  Segment.source0 = source0;
  Segment.source1 = source1;
  Segment.source2 = source2;
  Segment.source3 = source3;
  Segment.destination0 = destination0;
  Segment.destination1 = destination1;
  Segment.destination2 = destination2;
  Segment.destination3 = destination3;
  Segment.ports = ports;
  Segment.ipBytes = ipBytes;
  Segment.sequenceNumber = sequenceNumber;
  Segment.acknowledgmentNumber = acknowledgmentNumber;
  Segment.flags = flags;
  Segment.window = window;
  Segment.payloadBytes = payloadBytes;
  Segment.windowScale = windowScale;
  Segment.isOdd = isOdd;
  return Segment.atNs;
}
