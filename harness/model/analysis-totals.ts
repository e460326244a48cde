import type { Opening, PerSide } from './connection-row.ts';

/** Of something that many connections have one of. */
export interface Spread {
  readonly count: number;
  readonly minNs: number;
  /** Exact up to 128, then that of a uniform selection of 128. */
  readonly medianNs: number;
  readonly maxNs: number;
}

/** One kind of anomaly in a capture. */
export interface AnomalyTotal {
  /** As in {@link Anomaly}. */
  readonly name: string;
  readonly what: string;
  readonly connections: number;
  /** The first of them, in order of their ends. */
  readonly example: number;
}

/** What the connections of a capture add up to. Octets are of payload. */
export interface AnalysisTotals {
  /** First packet to last. */
  readonly startNs: bigint;
  readonly spanNs: number;
  readonly bytes: PerSide;
  readonly openings: Readonly<Record<Opening, number>>;
  /** SYNs that were sent again. */
  readonly synRetries: number;
  readonly fastOpen: number;
  /** Of the closed ones: those that took three segments, and those that stayed half-closed in between. */
  readonly closedInThree: number;
  readonly keptHalfClosed: number;
  /** Ends that are left in TIME-WAIT. */
  readonly timeWait: PerSide;
  readonly unacknowledgedAtReset: PerSide;
  readonly handshakes: Spread | undefined;
  /** The shortest round trip of each connection. */
  readonly roundTrips: Spread | undefined;
  readonly retransmissions: {
    readonly timeout: number;
    readonly fast: number;
    readonly spurious: number;
    readonly connections: number;
  };
  readonly outOfOrder: number;
  readonly duplicateAcks: number;
  readonly keepAlives: number;
  readonly zeroWindow: { readonly connections: number; readonly ns: number };
  readonly windowFull: number;
  /** Most connections first. */
  readonly anomalies: readonly AnomalyTotal[];
  readonly gapBytes: number;
  readonly lostBytes: number;
  readonly acksOfUnseen: number;
}
