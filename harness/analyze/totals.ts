import type { ConnectionRecord } from '../correlate/connection-record.ts';
import type { Lifecycle } from '../correlate/lifecycle.ts';
import { NEVER_NS } from '../correlate/lifecycle-end.ts';
import type { LossAndDelay } from '../correlate/loss-and-delay.ts';
import type { PredictedConnection } from '../correlate/predicted-connection.ts';
import { RoundTrips } from '../correlate/loss-and-delay-round-trips.ts';
import { Analysis, type WiresharkStream } from '../correlate/wireshark-stream.ts';
import type { AnalysisTotals, AnomalyTotal, Spread } from '../model/analysis-totals.ts';
import type { Side } from '../model/connection.ts';
import type { Opening, RowEnding } from '../model/connection-row.ts';
import { nanoseconds } from '../model/nanoseconds.ts';

/** More kinds than that no capture has; what an attacker could cause ends here. */
const MOST_KINDS = 256;

/** Adds up finished connections; makes nothing for one in which nothing is odd. */
export class Totals {
  readonly endings: Record<RowEnding, number> = {
    closed: 0,
    reset: 0,
    refused: 0,
    'half-closed': 0,
    closing: 0,
    abandoned: 0,
    open: 0,
    unanswered: 0,
  };
  /** Of the closed ones, who closed first; of the reset ones, who reset. */
  readonly closedBy: Record<Side, number> = { client: 0, server: 0 };
  readonly resetBy: Record<Side, number> = { client: 0, server: 0 };
  readonly #openings: Record<Opening, number> = {
    handshake: 0,
    simultaneous: 0,
    split: 0,
    refused: 0,
    unanswered: 0,
    midstream: 0,
  };
  readonly #handshakes = new RoundTrips();
  readonly #roundTrips = new RoundTrips();
  readonly #anomalies = new Map<string, { what: string; connections: number; example: number }>();
  #firstNs = Number.POSITIVE_INFINITY;
  #lastNs = Number.NEGATIVE_INFINITY;
  #clientBytes = 0;
  #serverBytes = 0;
  #synRetries = 0;
  #fastOpen = 0;
  #closedInThree = 0;
  #keptHalfClosed = 0;
  #clientTimeWait = 0;
  #serverTimeWait = 0;
  #clientUnacknowledged = 0;
  #serverUnacknowledged = 0;
  #timeouts = 0;
  #fast = 0;
  #spurious = 0;
  #retransmitting = 0;
  #outOfOrder = 0;
  #duplicateAcks = 0;
  #keepAlives = 0;
  #zeroWindowConnections = 0;
  #zeroWindowSeconds = 0;
  #windowFull = 0;
  #gapBytes = 0;
  #lostBytes = 0;
  #acksOfUnseen = 0;

  add(record: ConnectionRecord): void {
    this.#firstNs = Math.min(this.#firstNs, record.firstNs);
    this.#lastNs = Math.max(this.#lastNs, record.lastNs);
    if (record.predicted?.isOver === true) this.#addClosed(record.predicted);
    else this.#addOther(record);
  }

  /** What most connections are: opened by a handshake, closed in order, predicted throughout. Nothing need be looked for. */
  #addClosed({ client, server, handshakeNs }: PredictedConnection): void {
    const isClients = client.finPacket < server.finPacket;
    const [first, second] = isClients ? [client, server] : [server, client];
    this.#clientBytes += client.bytes;
    this.#serverBytes += server.bytes;
    this.#openings.handshake++;
    this.endings.closed++;
    this.closedBy[isClients ? 'client' : 'server']++;
    this.#addTimeWait(isClients);
    this.#handshakes.add(handshakeNs / 1e9);
    this.#addRoundTrips(client.roundTrips, server.roundTrips);
    // The second FIN acknowledged the first, or something before it did.
    if (first.finAckPacket === second.finPacket) this.#closedInThree++;
    else this.#keptHalfClosed++;
  }

  #addOther(record: ConnectionRecord): void {
    const { lifecycle } = record;
    this.#clientBytes += lifecycle.client.bytes;
    this.#serverBytes += lifecycle.server.bytes;
    this.#openings[lifecycle.opening]++;
    this.#synRetries += lifecycle.synRetries;
    if (lifecycle.fastOpen) this.#fastOpen++;
    if (lifecycle.handshakeNs !== NEVER_NS) this.#handshakes.add(lifecycle.handshakeNs / 1e9);
    this.#addEnd(lifecycle);
    // Where all was predicted, nothing went wrong and nothing is odd.
    const { predicted } = record;
    this.#addTimeWaits(record);
    if (predicted !== undefined) {
      this.#addRoundTrips(predicted.client.roundTrips, predicted.server.roundTrips);
      return;
    }
    const { tracker, wireshark, figures } = record;
    this.#addRoundTrips(figures.direction(0).roundTrips, figures.direction(1).roundTrips);
    if (tracker.hasAnomalies) this.#addAnomalies(record);
    if (wireshark.hasFindings) this.#addFindings(wireshark);
    this.#addTrouble(figures, 0);
    this.#addTrouble(figures, 1);
  }

  /** @param baseSeconds when the capture's first packet came, from which records count */
  result(baseSeconds: number): AnalysisTotals {
    const isEmpty = this.#firstNs === Number.POSITIVE_INFINITY;
    const startNs = BigInt(baseSeconds) * 1_000_000_000n + BigInt(isEmpty ? 0 : this.#firstNs);
    return {
      startNs,
      // A clock that was put back may end before it began.
      spanNs: isEmpty ? 0 : Math.max(0, this.#lastNs - this.#firstNs),
      bytes: { client: this.#clientBytes, server: this.#serverBytes },
      openings: this.#openings,
      synRetries: this.#synRetries,
      fastOpen: this.#fastOpen,
      closedInThree: this.#closedInThree,
      keptHalfClosed: this.#keptHalfClosed,
      timeWait: { client: this.#clientTimeWait, server: this.#serverTimeWait },
      unacknowledgedAtReset: { client: this.#clientUnacknowledged, server: this.#serverUnacknowledged },
      handshakes: spreadOf(this.#handshakes),
      roundTrips: spreadOf(this.#roundTrips),
      retransmissions: {
        timeout: this.#timeouts,
        fast: this.#fast,
        spurious: this.#spurious,
        connections: this.#retransmitting,
      },
      outOfOrder: this.#outOfOrder,
      duplicateAcks: this.#duplicateAcks,
      keepAlives: this.#keepAlives,
      zeroWindow: { connections: this.#zeroWindowConnections, ns: nanoseconds(this.#zeroWindowSeconds) },
      windowFull: this.#windowFull,
      anomalies: this.#anomalyTotals(),
      gapBytes: this.#gapBytes,
      lostBytes: this.#lostBytes,
      acksOfUnseen: this.#acksOfUnseen,
    };
  }

  #addEnd(lifecycle: Lifecycle): void {
    const { ending } = lifecycle;
    this.endings[ending]++;
    if (ending === 'reset') {
      this.resetBy[lifecycle.firstReset === lifecycle.client ? 'client' : 'server']++;
      this.#clientUnacknowledged += lifecycle.clientUnacknowledged;
      this.#serverUnacknowledged += lifecycle.serverUnacknowledged;
    } else if (ending === 'closed') {
      this.closedBy[lifecycle.firstCloser === lifecycle.client ? 'client' : 'server']++;
      if (lifecycle.closeSegments === 3) this.#closedInThree++;
      if (lifecycle.halfClosedNs !== undefined) this.#keptHalfClosed++;
    }
  }

  #addTimeWaits({ tracker }: ConnectionRecord): void {
    if (tracker.clientState === 'TIME-WAIT') this.#addTimeWait(true);
    if (tracker.serverState === 'TIME-WAIT') this.#addTimeWait(false);
  }

  #addTimeWait(ofClient: boolean): void {
    if (ofClient) this.#clientTimeWait++;
    else this.#serverTimeWait++;
  }

  #addTrouble(figures: LossAndDelay, side: 0 | 1): void {
    const { isTroubled, trouble } = figures.direction(side);
    if (!isTroubled) return;
    this.#gapBytes += trouble.missedOctets;
    this.#lostBytes += trouble.holes.octets;
    if (trouble.zeroWindowTimes === 0) return;
    this.#zeroWindowConnections++;
    this.#zeroWindowSeconds += trouble.closedSeconds(figures.lastTime);
  }

  #addRoundTrips(first: RoundTrips, second: RoundTrips): void {
    if (first.samples + second.samples === 0) return;
    this.#roundTrips.add(Math.min(first.shortestSeconds, second.shortestSeconds));
  }

  #addFindings(stream: WiresharkStream): void {
    const of = (bit: number): number => stream.count(0, bit) + stream.count(1, bit);
    const all = of(Analysis.RETRANSMISSION);
    const fast = of(Analysis.FAST_RETRANSMISSION);
    const spurious = of(Analysis.SPURIOUS_RETRANSMISSION);
    this.#timeouts += all - fast - spurious;
    this.#fast += fast;
    this.#spurious += spurious;
    if (all > 0) this.#retransmitting++;
    this.#outOfOrder += of(Analysis.OUT_OF_ORDER);
    this.#duplicateAcks += of(Analysis.DUPLICATE_ACK);
    this.#keepAlives += of(Analysis.KEEP_ALIVE);
    this.#windowFull += of(Analysis.WINDOW_FULL);
    this.#acksOfUnseen += of(Analysis.ACK_LOST_SEGMENT);
  }

  #addAnomalies({ id, tracker }: ConnectionRecord): void {
    const seen = new Set<string>();
    for (const { name, what } of tracker.anomalies) {
      if (seen.has(name)) continue;
      seen.add(name);
      const known = this.#anomalies.get(name);
      if (known !== undefined) known.connections++;
      else if (this.#anomalies.size < MOST_KINDS) {
        this.#anomalies.set(name, { what, connections: 1, example: id });
      }
    }
  }

  #anomalyTotals(): AnomalyTotal[] {
    return [...this.#anomalies]
      .map(([name, rest]) => ({ name, ...rest }))
      .sort((a, b) => b.connections - a.connections || a.example - b.example);
  }
}

function spreadOf(trips: RoundTrips): Spread | undefined {
  const figures = trips.figures();
  if (figures === undefined) return undefined;
  const { samples, minSeconds, medianSeconds, maxSeconds } = figures;
  return {
    count: samples,
    minNs: nanoseconds(minSeconds),
    medianNs: nanoseconds(medianSeconds),
    maxNs: nanoseconds(maxSeconds),
  };
}
