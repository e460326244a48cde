import type { PerSide, ConnectionRow } from './connection-row.ts';
import type { PlacedJsReport, Side } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { CallSite } from './node-event.ts';
import type { SocketLife } from './socket-life.ts';
import type { TcpState } from './tcp-state.ts';

/** A SYN, FIN or RST, and what data crossed since the one before. */
export interface ControlSegment {
  readonly frame: number;
  /** ns since the epoch, the capture's clock. */
  readonly atNs: bigint;
  readonly from: Side;
  readonly flags: number;
  readonly payloadBytes: number;
  /** Its sequence space had been sent before. */
  readonly retransmission: boolean;
  /** Segments with payload, and their octets, since the control segment before this one. */
  readonly dataBefore: PerSide<{ readonly segments: number; readonly bytes: number }>;
}

/** Who did it: the program, Node of its own accord, the kernel of its own accord, the end of the process. */
export type Doer = 'program' | 'node' | 'kernel' | 'exit';

/** What in a lane above the wire a segment came of, or led to. */
export interface Happening {
  readonly by: Doer;
  /** `end()`, `destroy()`, `'end'`, `error ECONNRESET`, `retransmission timer`. */
  readonly what: string;
  /** `14 unread bytes`, `allowHalfOpen: false`. */
  readonly detail?: string;
  readonly site?: CallSite;
  /** Between it and the segment, ns; absent where there is no moment to speak of. */
  readonly delayNs?: bigint;
}

/** A control segment with what its sender did to send it and what its receiver made of it. */
export interface SegmentTie {
  readonly segment: ControlSegment;
  /** Absent when nothing that was recorded explains it, and for an end that is not ours. */
  readonly cause?: Happening;
  readonly effect?: Happening;
  /** Of a RST, why its sender's kernel says that it sent it: `TCP_ABORT_ON_CLOSE`. Absent where no tracepoint told. */
  readonly kernelReason?: string;
}

export type MismatchKind =
  /** A RST came and JS saw an orderly close. */
  | 'reset-hidden'
  /** A RST came and JS was told nothing. */
  | 'reset-unnoticed'
  /** A FIN came and the program never saw 'end'. */
  | 'fin-unnoticed'
  /** We sent a FIN or RST that nothing in JS explains. */
  | 'unexplained'
  /** A call that ends the connection, and no FIN or RST of it on the wire. */
  | 'call-without-segment'
  /** JS saw an error that the wire does not show. */
  | 'error-without-segment'
  /** The handshake was completed and the program never accepted the connection. */
  | 'never-accepted';

/** Where the lanes do not agree. */
export interface LaneMismatch {
  readonly kind: MismatchKind;
  readonly side: Side;
  /** A sentence. */
  readonly text: string;
  /** The segment where it shows. */
  readonly frame?: number;
}

/** A state in which `ss` showed one end. */
export interface SeenState {
  readonly side: Side;
  readonly state: TcpState;
  /** Capture's clock, ns. */
  readonly firstSeenNs: bigint;
  readonly lastSeenNs: bigint;
  readonly receiveQueue: number;
  readonly sendQueue: number;
}

/** A change of state as the kernel told it when it made it. */
export interface TracedTransition {
  readonly side: Side;
  readonly from: TcpState;
  /** CLOSED also where TIME-WAIT, or an orphan's FIN-WAIT-2, goes on without the socket: only `ss` tells of those. */
  readonly to: TcpState;
  /** Capture's clock, ns. */
  readonly atNs: bigint;
}

/** A RST that the kernel told of when it sent it. */
export interface TracedReset {
  readonly side: Side;
  readonly reason: string;
  /** Capture's clock, ns. */
  readonly atNs: bigint;
}

/** What the kernel's tracepoints tell of a connection, in order of time. */
export interface Traced {
  readonly transitions: readonly TracedTransition[];
  readonly resets: readonly TracedReset[];
}

/** How a connection ended, whichever lane tells. */
export type RunEnding = ConnectionRow['ending'] | 'failed';

/** One TCP connection of the programs of a run. */
export interface RunConnection {
  /** From 1, in order of beginning. */
  readonly id: number;
  readonly client: Endpoint | undefined;
  readonly server: Endpoint;
  /** Capture's clock (or reckoned to it), ns. */
  readonly startNs: bigint;
  /** What the wire tells; absent when no packet of it was captured. */
  readonly row?: ConnectionRow;
  readonly ending: RunEnding;
  readonly closedBy?: Side;
  readonly resetBy?: Side;
  /** What JS tells, for each end that is ours. */
  readonly lives: Partial<Readonly<Record<Side, SocketLife>>>;
  readonly ties: readonly SegmentTie[];
  /** Where there are no packets: what JS did and was told, in order of time. */
  readonly reports: readonly PlacedJsReport[];
  readonly mismatches: readonly LaneMismatch[];
  readonly seenStates: readonly SeenState[];
  /** From when the socket has its port on, so without CLOSED to SYN-SENT. Absent where the run had no tracepoints. */
  readonly transitions?: readonly TracedTransition[];
}
