import { Segment } from './segment.ts';

const SECOND_NS: f64 = 1e9;
let hasBegun: bool = false;
let base: f64 = 0;

/** Notes when the segment was captured. */
export function setTime(seconds: f64, nanoseconds: f64): void {
  if (!hasBegun) {
    hasBegun = true;
    base = seconds;
  }
  Segment.atNs = (seconds - base) * SECOND_NS + nanoseconds;
  Segment.isAtEpoch = seconds === 0 && nanoseconds === 0;
}

/** The second of the capture's first TCP segment, from which times count. */
export function baseSeconds(): f64 {
  return base;
}

/** Of a time in ns. */
export function secondsOf(ns: f64): f64 {
  return ns / SECOND_NS;
}
