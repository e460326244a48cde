import type { Side } from './connection.ts';
import type { TcpEvent, TcpState } from './tcp-state.ts';

/** What can make an end change its state without a segment of its own or the other's. */
export type SilentEvent =
  | 'passive open'
  | 'send'
  | 'close'
  | '2MSL'
  | 'retransmitted FIN'
  | 'unacceptable segment';

/** An arrow of RFC 9293 §3.3.2, Figure 5, or of §3.10. */
export interface Arrow {
  readonly from: TcpState;
  readonly event: TcpEvent | SilentEvent;
  readonly to: TcpState;
  /** In the RFC's words, with the segment that is sent: `close, snd FIN`. */
  readonly words: string;
  readonly section: string;
  /** Only of an end that opened so: a RST in SYN-RECEIVED has two ways to go. */
  readonly opened?: 'actively' | 'passively';
}

/** Where a run shows it, in each lane. */
export interface Proof {
  readonly scenario: string;
  readonly connection: string;
  readonly side: Side;
  /** Absent where no segment crosses. */
  readonly frame?: number;
  /** `#4 client FIN,ACK`; where none crosses, what shows that. */
  readonly wire: string;
  /** `SYN-SENT, then ESTABLISHED, 0.4 ms after the frame`. */
  readonly ss: string;
  /** What is not quite as the RFC has it, or not seen in whole: a socket that was killed. */
  readonly remark?: string;
}

/** An arrow that no program can bring about, on any connection. */
export interface UnreachableArrow extends Arrow {
  readonly reason: string;
}

export interface CoveredArrow extends Arrow {
  /** Absent when no run shows it. */
  readonly proof?: Proof;
}

export interface CoveredState {
  readonly state: TcpState;
  readonly proof?: Proof;
}

/** How much of RFC 9293's diagram runs have shown. */
export interface Coverage {
  readonly states: readonly CoveredState[];
  /** Those that programs reach. */
  readonly arrows: readonly CoveredArrow[];
  readonly unreachable: readonly UnreachableArrow[];
  /** Scenarios that were not met: they prove nothing. */
  readonly unmet: readonly { readonly scenario: string; readonly reason: string }[];
}
