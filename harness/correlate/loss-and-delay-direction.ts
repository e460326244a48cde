import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import { RoundTrips } from './loss-and-delay-round-trips.ts';
import { Trouble } from './loss-and-delay-trouble.ts';
import { GREATEST_WINDOW } from './window-limits.ts';
import { Analysis } from './wireshark-rules.ts';
import type { PredictedEnd } from './predicted-connection.ts';
import { DOUBLE } from './representation.ts';

const REPEATED = Analysis.RETRANSMISSION | Analysis.OUT_OF_ORDER;
const NOT_TIMED = REPEATED | Analysis.KEEP_ALIVE | Analysis.ZERO_WINDOW_PROBE | Analysis.LOST_SEGMENT;

/** Shared by all directions in which nothing went wrong. Never written. */
const NO_TROUBLE = new Trouble();

/** One side's sending, as followed by LossAndDelay. */
export class LossDirection {
  readonly roundTrips: RoundTrips = new RoundTrips();
  #trouble = NO_TROUBLE;
  #started = false;
  /** Acknowledged, and yet to start. */
  #unseen = false;
  /** The sequence number after the highest octet sent or acknowledged. */
  #next = 0;
  #timing = false;
  #timedEnd = 0;
  #timedAt = DOUBLE;

  reset(): void {
    this.roundTrips.reset();
    this.#trouble = NO_TROUBLE;
    this.#started = false;
    this.#unseen = false;
    this.#timing = false;
  }

  /** Goes on from what was predicted. */
  adopt(end: PredictedEnd): void {
    this.roundTrips.adopt(end.roundTrips);
    this.#trouble = NO_TROUBLE;
    this.#started = end.packets > 0;
    this.#unseen = false;
    this.#next = end.nxt;
    this.#timing = end.packets > 0 && end.isTiming;
    this.#timedEnd = end.timedEnd;
    this.#timedAt = end.timedAtSeconds;
  }

  /** Whether anything went wrong. */
  get isTroubled(): boolean {
    return this.#trouble !== NO_TROUBLE;
  }

  /** All that is zero where nothing went wrong. To be read only. */
  get trouble(): Trouble {
    return this.#trouble;
  }

  /** Takes a packet of this side. */
  sent(packet: Packet, time: number, bits: number): void {
    const { flags, payloadBytes, sequenceNumber } = packet;
    if ((bits & Analysis.ZERO_WINDOW) !== 0) this.#troubled().close(time);
    else if (packet.window !== 0) this.windowOpened(time);
    if ((flags & Flag.RST) !== 0) return;
    const control = (flags & (Flag.SYN | Flag.FIN)) === 0 ? 0 : 1;
    const end = (sequenceNumber + payloadBytes + control) | 0;
    if (control + payloadBytes > 0) this.#time(end, time, bits);
    if ((bits & Analysis.KEEP_ALIVE) === 0) this.#cover(sequenceNumber, end);
  }

  /** Takes an acknowledgment by the other side. */
  acknowledged(acknowledgment: number, time: number): void {
    if (this.#timing && seqDistance(this.#timedEnd, acknowledgment) >= 0) {
      this.#timing = false;
      if (time >= this.#timedAt) this.roundTrips.add(time - this.#timedAt);
    }
    if (this.#started) this.#findMissed(acknowledgment);
    else this.#findUnseen(acknowledgment);
  }

  /** The window is not zero, or after a reset binds nobody any more. */
  windowOpened(time: number): void {
    if (this.#trouble !== NO_TROUBLE) this.#trouble.open(time);
  }

  /**
   * Times one segment after the other, as TCP does without timestamps (RFC 6298 §3), and none that may be
   * acknowledged for another's sake: a repetition ends the timing (Karn), a segment behind a hole is not timed.
   */
  #time(end: number, time: number, bits: number): void {
    if ((bits & REPEATED) !== 0) {
      this.#timing = false;
      return;
    }
    if (this.#timing || (bits & NOT_TIMED) !== 0) return;
    this.#timing = true;
    this.#timedEnd = end;
    this.#timedAt = time;
  }

  #cover(sequenceNumber: number, end: number): void {
    if (!this.#started) {
      this.#started = true;
      this.#next = end;
      return;
    }
    const skipped = seqDistance(this.#next, sequenceNumber);
    // A leap that no window admits is damage or an attack, not a gap.
    if (skipped > GREATEST_WINDOW) return;
    if (skipped > 0) this.#troubled().holes.open(this.#next, sequenceNumber);
    else if (skipped < 0 && this.#trouble.holes.any) this.#trouble.holes.fill(sequenceNumber, end);
    if (seqDistance(this.#next, end) > 0) this.#next = end;
  }

  /** Of a side that the capture has not shown yet, what lies between two acknowledgments has crossed unseen. */
  #findUnseen(acknowledgment: number): void {
    const octets = this.#unseen ? seqDistance(this.#next, acknowledgment) : 0;
    if (octets < 0 || octets > GREATEST_WINDOW) return;
    if (octets > 0) this.#troubled().missedOctets += octets;
    this.#unseen = true;
    this.#next = acknowledgment;
  }

  #findMissed(acknowledgment: number): void {
    if (this.#trouble.holes.any) {
      const covered = this.#trouble.holes.fill((acknowledgment - GREATEST_WINDOW) | 0, acknowledgment);
      this.#trouble.missedOctets += covered;
    }
    const unseen = seqDistance(this.#next, acknowledgment);
    if (unseen <= 0 || unseen > GREATEST_WINDOW) return;
    this.#troubled().missedOctets += unseen;
    this.#next = acknowledgment;
  }

  #troubled(): Trouble {
    if (this.#trouble === NO_TROUBLE) this.#trouble = new Trouble();
    return this.#trouble;
  }
}
