import type { Endpoint } from './endpoint.ts';
import type { EvidenceQuality, NetworkSetting } from './evidence.ts';
import type { JsReport } from './observation.ts';
import type { Segment } from './segment.ts';
import type { TcpEvent, TcpState } from './tcp-state.ts';

/** The client is the end that sent the first SYN (the originator), the server the other (the responder). */
export type Side = 'client' | 'server';

export const SIDES: readonly Side[] = ['client', 'server'];

/** Programs without types can say anything. @throws TypeError */
export function checkSide(side: unknown): Side {
  const known = SIDES.find((each) => each === side);
  if (known !== undefined) return known;
  throw new TypeError(`Unknown side "${String(side)}"; known: ${SIDES.join(', ')}`);
}

export function otherSide(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}

/** An event that an end met, by RFC 9293's table; `from` and `to` are the same where it only answers. */
export interface TableTransition {
  readonly side: Side;
  readonly from: TcpState;
  readonly event: TcpEvent;
  readonly to: TcpState;
  /** Of the segment that was sent or received. */
  readonly frame: number;
}

/** A segment in the context of its connection. */
export interface TrackedSegment {
  readonly segment: Segment;
  readonly from: Side;
  /** ns since the epoch. */
  readonly atNs: bigint;
  /** Sequence number relative to the sender's first. */
  readonly sequence: number;
  /** Acknowledgement number relative to the receiver's first sequence number; absent without ACK. */
  readonly acknowledgment?: number;
  /** True when all the sequence space that it takes had been sent before. */
  readonly retransmission: boolean;
  /** False when a gate kept the segment from its receiver. */
  readonly delivered: boolean;
  /** True for a RST that the network sent in the name of this end, which knows nothing of it. */
  readonly injected?: true;
  /** What RFC 9293's table makes of it, at whichever end: its sender's event, then its receiver's. */
  readonly transitions: readonly TableTransition[];
  /** Both ends' states once this segment was sent and received, by RFC 9293's table. */
  readonly statesAfter: Readonly<Record<Side, TcpState>>;
  /** What the table does not allow: `data before established`, `segment after RST`, … */
  readonly anomalies: readonly string[];
}

/** An endpoint was in `state` as seen by `ss`, ns since the epoch. */
export interface ObservedState {
  readonly side: Side;
  readonly state: TcpState;
  /** The change into this state lies between these two. */
  readonly earliestNs: bigint;
  readonly latestNs: bigint;
  /** The snapshots that showed it; the kernel was read somewhere within each. */
  readonly samples: readonly { readonly fromNs: bigint; readonly toNs: bigint }[];
  /** End of the last of them. */
  readonly lastSeenNs: bigint;
  /** Octets waiting unread in the last snapshot that showed it; a waiting FIN counts one. */
  readonly receiveQueue?: number;
}

/** A JS call or event placed on the common line. */
export interface PlacedJsReport {
  readonly side: Side;
  /** ns since the epoch. */
  readonly atNs: bigint;
  readonly report: JsReport;
}

/** How a connection ended, by its segments. */
export type Ending =
  /** Both FINs acknowledged. */
  | 'closed'
  /** A RST ended it. */
  | 'reset'
  /** The SYN was answered by a RST. */
  | 'refused'
  /** Still open in one direction or both when the evidence ends. */
  | 'open';

/** What people ask about a connection. Times in ns; an absent field means that it did not happen or is not known. */
export interface ConnectionSummary {
  readonly opener: Side;
  readonly ending: Ending;
  /** Who sent the first FIN. */
  readonly firstCloser?: Side;
  /** Who sent the RST that ended it. */
  readonly resetBy?: Side;
  /** Both FINs were sent before either end had received the other's. */
  readonly simultaneousClose: boolean;
  /** Segments that the close took, retransmissions left out: 3 when an ACK rode on the second FIN. */
  readonly closeSegments?: number;
  /** Between the first FIN and the second, when the second end kept its direction open in between. */
  readonly halfClosedNs?: bigint;
  /** Octets that the second closer sent after it had received the first FIN. */
  readonly bytesAfterFirstFin: number;
  /** SYN to the client's ACK. */
  readonly handshakeNs?: bigint;
  /** First FIN to its acknowledgement. */
  readonly finAckNs?: bigint;
  /** Sides that `ss` showed in TIME-WAIT; without kernel evidence, those that the table puts there. */
  readonly timeWaitHolders: readonly Side[];
  readonly timeWaitSource: 'kernel' | 'wire';
  readonly retransmissions: number;
  readonly payloadBytes: Readonly<Record<Side, number>>;
}

/** The two endpoints and all observations of them, in order of time. */
export interface Connection {
  /** From 1, in order of first observation. */
  readonly id: number;
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly segments: readonly TrackedSegment[];
  /** In order of time, both sides mixed. */
  readonly observedStates: readonly ObservedState[];
  readonly js: readonly PlacedJsReport[];
  readonly summary: ConnectionSummary;
  /** Settings of its network that are not the usual ones: its times are shorter or longer for them. */
  readonly settings?: readonly NetworkSetting[];
}

/** The connections of a run, and how far its evidence can be trusted. */
export interface Timeline {
  readonly connections: readonly Connection[];
  readonly evidence: EvidenceQuality;
}
