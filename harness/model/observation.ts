import type { Endpoint } from './endpoint.ts';
import type { CallSite } from './node-event.ts';
import type { Segment } from './segment.ts';
import type { TcpState } from './tcp-state.ts';

/**
 * What each lane reports, on its own clock; `correlate/` puts them on one line.
 * - *capture clock*: `CLOCK_REALTIME` as the kernel stamps packets, ns since the epoch;
 * - *monotonic clock*: `process.hrtime.bigint()`, shared by every process of the machine.
 */
export type Lane = 'wire' | 'kernel' | 'node';

/** One row of `ss`. */
export interface SocketSample {
  readonly state: TcpState;
  readonly local: Endpoint;
  /** The remote end; port 0 for a listener. */
  readonly peer: Endpoint;
  /** Octets (for LISTEN: connections waiting to be accepted). */
  readonly receiveQueue: number;
  /** Octets not yet acknowledged (for LISTEN: the backlog's limit). */
  readonly sendQueue: number;
  /** `timer:(on,200ms,0)`: which timer runs, how long it has left as `ss` prints it, retransmissions done. */
  readonly timer?: { readonly name: string; readonly expires: string; readonly retransmits: number };
  /** Socket cookie (`sk:`, hexadecimal): stable for a socket's life and kept by its TIME-WAIT row. */
  readonly cookie?: string;
  /** Absent or 0 for a socket that no process holds any more. */
  readonly inode?: number;
  readonly processes?: readonly { readonly name: string; readonly pid: number; readonly fd: number }[];
}

/** All sockets that one run of `ss` listed. The kernel was read somewhere between the two times. */
export interface SocketSnapshot {
  /** Monotonic ns, before `ss` was asked. */
  readonly startedAtNs: bigint;
  /** Monotonic ns, after its last line was read. */
  readonly endedAtNs: bigint;
  readonly sockets: readonly SocketSample[];
}

/**
 * A socket changed state between two snapshots. `CLOSED` stands for "not listed".
 * The change happened after `earliestNs` and before `latestNs` (monotonic); states in between may have been
 * passed unseen.
 */
export interface StateTransition {
  readonly local: Endpoint;
  readonly peer: Endpoint;
  readonly cookie?: string;
  readonly from: TcpState;
  readonly to: TcpState;
  readonly earliestNs: bigint;
  readonly latestNs: bigint;
}

/** A call that a program made on its socket, or an event that the socket emitted. */
export interface JsReport {
  /** Monotonic ns. */
  readonly atNs: bigint;
  readonly kind: 'call' | 'event';
  /** `connect`, `end`, `destroy`, `resetAndDestroy`, … or the event's name. */
  readonly name: string;
  /** For calls: whether the program made it or Node on its behalf (`allowHalfOpen: false`, `autoDestroy`). */
  readonly by?: 'program' | 'node';
  /** For calls: the line that made it, where a source map tells as it was written. Absent for Node's own. */
  readonly site?: CallSite;
  /** This socket's own end; absent while it has none (before `connect`, or when refused). */
  readonly local?: Endpoint;
  /** The other end, as far as the socket knows it. */
  readonly peer?: Endpoint;
  /** `ECONNRESET` and the like, for errors. */
  readonly code?: string;
  /** Octets, for `data` and `write`. */
  readonly bytes?: number;
  /** For `close`: whether an error closed it. */
  readonly hadError?: boolean;
}

/**
 * A fence: a marker datagram sent on the captured interface and met again in the capture stream.
 * It ties the two clocks together: the marker was captured between the two monotonic times.
 */
export interface ClockReading {
  readonly sentAfterNs: bigint;
  readonly sentBeforeNs: bigint;
  /** Capture clock. */
  readonly capturedAtNs: bigint;
}

/** A gate that kept segments from being received, though the tap saw them. Monotonic ns. */
export interface Hold {
  readonly source: Partial<Endpoint>;
  readonly destination: Partial<Endpoint>;
  /** Every bit must be set on the segment; 0 holds all. */
  readonly flags: number;
  /** None of these may be set. */
  readonly without?: number;
  /** Only some of the matching segments; absent: all of them. */
  readonly counted?: CountedSegments;
  /** True when the sender of a held segment got a RST that looked as if the receiver had sent it. */
  readonly resets?: boolean;
  /** Before this it surely held nothing: it had not been asked for. Absent: {@link fromNs} is exact. */
  readonly askedNs?: bigint;
  readonly fromNs: bigint;
  /** Up to here it surely held: its release was asked for. Absent while it still holds. */
  readonly toNs?: bigint;
  /** From here on it surely holds nothing. Absent while that is not known. */
  readonly releasedNs?: bigint;
}

/** Which of a gate's segments are meant, when it counts them. */
export interface CountedSegments {
  /** From 1 in order of capture since it held. */
  readonly nth: readonly number[];
  /** Counting begins again behind so many; absent: never. */
  readonly outOf?: number;
  /** All that matched since it was asked for, of whichever connection: the kernel counts them all. */
  readonly matching: readonly Pick<Segment, 'frame' | 'capturedAtNs'>[];
}
