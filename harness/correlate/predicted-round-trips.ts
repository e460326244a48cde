import * as Connection from '../prediction/connection.ts';
import { SAMPLES_IN_DOUBLES } from '../prediction/end.ts';
import { loadRoundTrips } from './load-predicted.ts';
import { RoundTrips } from './loss-and-delay-round-trips.ts';
import type { PredictedConnection } from './predicted-connection.ts';

/** Round trips of predicted connections past the few that lie with these: in objects of their own. */
export class PredictedRoundTrips {
  /** By where the end lies. */
  readonly #more = new Map<number, RoundTrips>();

  /** @param samples of that end before this one */
  keep(doubles: Float64Array, end: number, samples: number, seconds: number): void {
    let roundTrips = this.#more.get(end);
    if (roundTrips === undefined) {
      roundTrips = new RoundTrips();
      this.#more.set(end, roundTrips);
    }
    if (samples === SAMPLES_IN_DOUBLES) loadRoundTrips(doubles, end, samples, roundTrips);
    roundTrips.add(seconds);
  }

  /** What the connection's memory does not hold of its ends. */
  load(connection: number, { client, server }: PredictedConnection): void {
    this.#load(connection + Connection.ENDS, client.roundTrips);
    this.#load(connection + Connection.ENDS + Connection.END_BYTES, server.roundTrips);
  }

  #load(end: number, into: RoundTrips): void {
    if (into.samples <= SAMPLES_IN_DOUBLES) return;
    const more = this.#more.get(end);
    if (more !== undefined) into.adopt(more);
  }
}
