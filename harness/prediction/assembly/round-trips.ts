import { secondsOf } from './clock.ts';
import * as End from '../end.ts';
import { Segment } from './segment.ts';

/** A sample past the few that doubles hold: JavaScript keeps it. Before the first such one, it reads those few. */
declare function keepRoundTrip(end: usize, samples: i32, seconds: f64): void;

/** The segment may acknowledge the one that is being timed, which that end sent. */
export function seeRoundTrip(end: usize): void {
  if (Segment.acknowledgmentNumber - load<i32>(end, End.TIMED_END) < 0) return;
  store<i32>(end, load<i32>(end, End.SEEN) & ~End.TIMING, End.SEEN);
  const took = secondsOf(Segment.atNs) - load<f64>(end, End.TIMED_AT);
  if (took < 0) return;
  const samples = load<i32>(end, End.ROUND_TRIPS);
  store<i32>(end, samples + 1, End.ROUND_TRIPS);
  if (samples >= End.SAMPLES_IN_DOUBLES) {
    keepRoundTrip(end, samples, took);
    return;
  }
  const isFirst = samples === 0;
  const sum: f64 = isFirst ? 0 : load<f64>(end, End.ROUND_TRIP_SUM);
  store<f64>(end, sum + took, End.ROUND_TRIP_SUM);
  if (isFirst || took < load<f64>(end, End.ROUND_TRIP_MIN)) store<f64>(end, took, End.ROUND_TRIP_MIN);
  if (isFirst || took > load<f64>(end, End.ROUND_TRIP_MAX)) store<f64>(end, took, End.ROUND_TRIP_MAX);
}
