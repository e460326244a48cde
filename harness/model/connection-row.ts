import type { Anomaly } from './anomaly.ts';
import type { Side } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { TcpState } from './tcp-state.ts';

/** One number for what the client sent and one for what the server sent. */
export type PerSide<T = number> = Readonly<Record<Side, T>>;

/** How a connection began, as far as the capture shows. */
export type Opening =
  /** SYN and SYN,ACK; the latter, where it was not captured, by what its receiver sent after it. */
  | 'handshake'
  /** Both ends sent a SYN. RFC 9293 §3.5, Figure 7. */
  | 'simultaneous'
  /** The answer to the SYN was a SYN of its own, which the first end answered by a SYN,ACK. */
  | 'split'
  /** The SYN was answered by a RST. */
  | 'refused'
  /** SYNs and no answer. */
  | 'unanswered'
  /** The capture began, or the connection was first seen, in its middle. */
  | 'midstream';

/** How it ended, as far as the capture shows. */
export type RowEnding =
  /** A FIN each way, both acknowledged. */
  | 'closed'
  | 'reset'
  | 'refused'
  /** One FIN, and nothing came of it: the other direction is open when the capture ends. */
  | 'half-closed'
  /** FINs both ways, the last acknowledgement missing. */
  | 'closing'
  /** One end sent a segment again, or probed, three times or more, and the other was not heard of any more. */
  | 'abandoned'
  /** No FIN and no RST; data or ACKs stopped coming. */
  | 'open'
  /** SYNs without an answer. */
  | 'unanswered';

/**
 * What the engine tells of one connection. Plain data; times in ns as numbers (exact below 2⁵³) unless they are
 * points in time, which are bigint ns since the epoch. `undefined` means that it did not happen or was not seen.
 */
export interface ConnectionRow {
  /** From 1, in order of first packets. */
  readonly id: number;
  readonly client: Endpoint;
  readonly server: Endpoint;
  /** Community ID v1; only where it was asked for. */
  readonly communityId: string | undefined;
  readonly startNs: bigint;
  readonly durationNs: number;
  readonly packets: PerSide;
  /** Octets of payload, retransmissions included. */
  readonly bytes: PerSide;

  readonly opening: Opening;
  /** SYNs that were sent again. */
  readonly synRetries: number;
  readonly fastOpen: boolean;
  readonly handshakeNs: number | undefined;

  readonly ending: RowEnding;
  /** Who sent the first FIN. */
  readonly closedBy: Side | undefined;
  readonly resetBy: Side | undefined;
  /** Who was not heard of any more. */
  readonly abandonedBy: Side | undefined;
  /** Octets of data that each end had sent and that were not acknowledged when the first RST came. */
  readonly unacknowledgedAtReset: PerSide;
  readonly closeSegments: number | undefined;
  readonly halfClosedNs: number | undefined;
  readonly bytesAfterFirstFin: number;
  readonly finAckNs: number | undefined;
  readonly timeWait: readonly Side[];
  /** The states that the ends are in after the last packet. */
  readonly states: PerSide<TcpState>;
  /** What RFC 9293's table does not allow. Of the capture's own faults, see {@link gapBytes}. */
  readonly anomalies: readonly Anomaly[];

  readonly retransmissions: PerSide;
  readonly spurious: number;
  readonly fast: number;
  readonly timeouts: number;
  readonly outOfOrder: number;
  readonly duplicateAcks: number;
  readonly keepAlives: number;
  readonly zeroWindows: number;
  readonly zeroWindowNs: number;
  readonly windowFull: number;
  readonly rttMinNs: number | undefined;
  readonly rttMedianNs: number | undefined;
  readonly rttMaxNs: number | undefined;
  /** Capture artefacts: octets that crossed and were not captured, and acknowledgements of such. */
  readonly gapBytes: number;
  /** Octets that were skipped, and neither came later nor were acknowledged: lost, or missed by the capture. */
  readonly lostBytes: number;
  readonly acksOfUnseen: number;

  readonly zeekState: string;
  readonly zeekHistory: string;
  /** Wireshark's `tcp.completeness`. */
  readonly completeness: number;
}
