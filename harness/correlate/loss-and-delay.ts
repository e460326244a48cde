import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { LossDirection } from './loss-and-delay-direction.ts';
import type { RoundTripFigures } from './loss-and-delay-round-trips.ts';
import { Analysis, type WiresharkStream } from './wireshark-stream.ts';
import type { PredictedConnection } from './predicted-connection.ts';
import { DOUBLE } from './representation.ts';

export type { RoundTripFigures };

/** What became of one side's segments, and what that side did to the other's. */
export interface LossAndDelayFigures {
  /** From a segment of this side to its acknowledgment, as seen at the capture; undefined without a sample. */
  readonly roundTrip: RoundTripFigures | undefined;
  readonly retransmissions: {
    /** Neither asked for nor superfluous, as far as the capture shows: a timer sent it. SYN retries are among them. */
    readonly timeout: number;
    /** After two or more duplicate ACKs. */
    readonly fast: number;
    /** Of what the other side had acknowledged. */
    readonly spurious: number;
  };
  readonly outOfOrder: number;
  /** Sent by this side. */
  readonly duplicateAcks: number;
  readonly keepAlives: number;
  /** Segments that filled the other side's window to its edge. */
  readonly windowFull: number;
  /** How often this side closed its window, and for how long in all. */
  readonly zeroWindow: {
    readonly times: number;
    readonly seconds: number;
    /** Segments of this side that said so. */
    readonly segments: number;
  };
  /** Octets that were skipped, never came and were never acknowledged: lost, as far as the capture goes. */
  readonly lostOctets: number;
  /** What speaks of the capture, not of the connection. */
  readonly capture: {
    /** Octets of this side that the other acknowledged and the capture has not; a FIN counts as one. */
    readonly missedOctets: number;
    /** Acknowledgments by this side of what the capture has not. */
    readonly acksOfUnseen: number;
  };
}

/**
 * Loss and delay of one connection, packet by packet. What Wireshark defines is taken from its verdicts; round trips,
 * gaps and durations are reckoned here. Numbers only, as in {@link WiresharkStream}: a connection without loss costs
 * no allocation.
 */
export class LossAndDelay {
  readonly #first = new LossDirection();
  readonly #second = new LossDirection();
  #lastTime = DOUBLE;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#first.reset();
    this.#second.reset();
    this.#lastTime = 0;
  }

  /** Goes on from what was predicted. */
  adopt(connection: PredictedConnection): void {
    this.#first.adopt(connection.client);
    this.#second.adopt(connection.server);
    this.#lastTime = connection.lastNs / 1e9;
  }

  /**
   * Takes the next packet.
   * @param side as for {@link WiresharkStream.see}.
   * @param time seconds since the capture's first packet.
   * @param bits what {@link WiresharkStream.see} gave for this packet.
   */
  see(packet: Packet, side: 0 | 1, time: number, bits: number): void {
    const from = side === 0 ? this.#first : this.#second;
    const to = side === 0 ? this.#second : this.#first;
    const { flags } = packet;
    this.#lastTime = time;
    from.sent(packet, time, bits);
    if ((flags & Flag.ACK) !== 0) to.acknowledged(packet.acknowledgmentNumber, time);
    if ((flags & Flag.RST) === 0) return;
    from.windowOpened(time);
    to.windowOpened(time);
  }

  /** When the last packet came, seconds. */
  get lastTime(): number {
    return this.#lastTime;
  }

  direction(side: 0 | 1): LossDirection {
    return side === 0 ? this.#first : this.#second;
  }

  /**
   * The figures of a side up to now.
   * @param stream the one whose verdicts {@link see} was given.
   */
  figures(side: 0 | 1, stream: WiresharkStream): LossAndDelayFigures {
    const { roundTrips, trouble } = side === 0 ? this.#first : this.#second;
    const fast = stream.count(side, Analysis.FAST_RETRANSMISSION);
    const spurious = stream.count(side, Analysis.SPURIOUS_RETRANSMISSION);
    const all = stream.count(side, Analysis.RETRANSMISSION);
    return {
      roundTrip: roundTrips.figures(),
      retransmissions: { timeout: all - fast - spurious, fast, spurious },
      outOfOrder: stream.count(side, Analysis.OUT_OF_ORDER),
      duplicateAcks: stream.count(side, Analysis.DUPLICATE_ACK),
      keepAlives: stream.count(side, Analysis.KEEP_ALIVE),
      windowFull: stream.count(side, Analysis.WINDOW_FULL),
      zeroWindow: {
        times: trouble.zeroWindowTimes,
        seconds: trouble.closedSeconds(this.#lastTime),
        segments: stream.count(side, Analysis.ZERO_WINDOW),
      },
      lostOctets: trouble.holes.octets,
      capture: {
        missedOctets: trouble.missedOctets,
        acksOfUnseen: stream.count(side, Analysis.ACK_LOST_SEGMENT),
      },
    };
  }
}
