import type { Packet } from '../model/packet.ts';
import { loadRoundTrips } from './load-predicted.ts';
import { RoundTrips } from './loss-and-delay-round-trips.ts';
import type { PredictedEnd } from './predicted-connection.ts';
import {
  Double,
  End,
  END_DOUBLES,
  END_WORDS,
  EndDouble,
  FIRST_DOUBLE,
  SAMPLES_IN_WORDS,
  SECOND_NS,
  Seen,
  STRIDE,
  Word,
} from './prediction-layout.ts';

/** Round trips of predicted connections: the first few in HeaderPrediction's arrays, more in objects of their own. */
export class PredictionRoundTrips {
  /** Of ends with more samples than {@link SAMPLES_IN_WORDS}, by 2 × slot + side. */
  readonly #more = new Map<number, RoundTrips>();

  /** The timed segment of a side may be acknowledged. */
  see(words: Int32Array, doubles: Float64Array, slot: number, side: number, packet: Packet): void {
    const end = slot * STRIDE * 2 + Word.ENDS + side * END_WORDS;
    if (((packet.acknowledgmentNumber - (words[end + End.TIMED_END] ?? 0)) | 0) < 0) return;
    words[end + End.SEEN] = (words[end + End.SEEN] ?? 0) & ~Seen.TIMING;
    const at = slot * STRIDE + FIRST_DOUBLE + Double.ENDS + side * END_DOUBLES;
    const took = packet.atNs / SECOND_NS - (doubles[at + EndDouble.TIMED_AT] ?? 0);
    if (took < 0) return;
    const samples = words[end + End.ROUND_TRIPS] ?? 0;
    words[end + End.ROUND_TRIPS] = samples + 1;
    if (samples >= SAMPLES_IN_WORDS) {
      this.#keep(doubles, slot, side, samples, took);
      return;
    }
    const sum = samples === 0 ? 0 : (doubles[at + EndDouble.ROUND_TRIP_SUM] ?? 0);
    doubles[at + EndDouble.ROUND_TRIP_SUM] = sum + took;
    if (samples === 0 || took < (doubles[at + EndDouble.ROUND_TRIP_MIN] ?? 0))
      doubles[at + EndDouble.ROUND_TRIP_MIN] = took;
    if (samples === 0 || took > (doubles[at + EndDouble.ROUND_TRIP_MAX] ?? 0))
      doubles[at + EndDouble.ROUND_TRIP_MAX] = took;
  }

  /** What the arrays do not hold of a side. */
  load(slot: number, side: number, into: PredictedEnd): void {
    if (into.roundTrips.samples <= SAMPLES_IN_WORDS) return;
    const more = this.#more.get(2 * slot + side);
    if (more !== undefined) into.roundTrips.adopt(more);
  }

  #keep(doubles: Float64Array, slot: number, side: number, samples: number, seconds: number): void {
    const index = 2 * slot + side;
    let roundTrips = this.#more.get(index);
    if (roundTrips === undefined) {
      roundTrips = new RoundTrips();
      this.#more.set(index, roundTrips);
    }
    if (samples === SAMPLES_IN_WORDS) loadRoundTrips(doubles, slot, side, samples, roundTrips);
    roundTrips.add(seconds);
  }
}
