import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import { Holes } from './loss-and-delay-holes.ts';
import { RoundTrips } from './loss-and-delay-round-trips.ts';
import { Analysis } from './wireshark-rules.ts';

/** No window admits more (RFC 7323 §2.3): a leap beyond it is damage or an attack, not a gap. */
const GREATEST_WINDOW = 2 ** 30;
const REPEATED = Analysis.RETRANSMISSION | Analysis.OUT_OF_ORDER;
const NOT_NEW = REPEATED | Analysis.KEEP_ALIVE | Analysis.ZERO_WINDOW_PROBE | Analysis.LOST_SEGMENT;

/** One side's sending, as followed by {@link LossAndDelay}. Times are seconds; −1 stands for "not yet". */
export class LossDirection {
  readonly roundTrips: RoundTrips = new RoundTrips();
  readonly holes: Holes = new Holes();
  /** Octets skipped that came later: lost or overtaken on the way to the capture. */
  filledOctets = 0;
  /** Octets that the other side acknowledged and that were never seen: the capture missed them. */
  missedOctets = 0;
  synRetries = 0;
  finToAckSeconds = -1;
  zeroWindowTimes = 0;

  #started = false;
  /** The sequence number after the highest octet sent or acknowledged. */
  #next = 0;
  #timing = false;
  #timedEnd = 0;
  #timedAt = 0;
  #synSent = false;
  #synSequence = 0;
  #finAt = -1;
  #finEnd = 0;
  #closedAt = -1;
  #closedSeconds = 0;

  reset(): void {
    this.roundTrips.reset();
    this.holes.reset();
    this.filledOctets = 0;
    this.missedOctets = 0;
    this.synRetries = 0;
    this.finToAckSeconds = -1;
    this.zeroWindowTimes = 0;
    this.#started = false;
    this.#timing = false;
    this.#synSent = false;
    this.#finAt = -1;
    this.#closedAt = -1;
    this.#closedSeconds = 0;
  }

  /** Takes a packet of this side. */
  sent(packet: Packet, time: number, bits: number): void {
    const { flags, payloadBytes, sequenceNumber } = packet;
    this.#watchWindow(packet, time, bits);
    if ((flags & Flag.RST) !== 0) return;
    const isSyn = (flags & Flag.SYN) !== 0;
    const isFin = (flags & Flag.FIN) !== 0;
    const length = payloadBytes + (isSyn ? 1 : 0) + (isFin ? 1 : 0);
    const end = (sequenceNumber + length) | 0;
    if (isSyn) this.#countSyn(sequenceNumber);
    if (isFin && this.#finAt < 0) {
      this.#finAt = time;
      this.#finEnd = end;
    }
    if (length > 0) this.#time(end, time, bits);
    if ((bits & Analysis.KEEP_ALIVE) === 0) this.#cover(sequenceNumber, end);
  }

  /** Takes an acknowledgment by the other side. */
  acknowledged(acknowledgment: number, time: number): void {
    if (this.#timing && seqDistance(this.#timedEnd, acknowledgment) >= 0) {
      this.#timing = false;
      if (time >= this.#timedAt) this.roundTrips.add(time - this.#timedAt);
    }
    if (this.#finAt >= 0 && this.finToAckSeconds < 0 && seqDistance(this.#finEnd, acknowledgment) >= 0) {
      this.finToAckSeconds = Math.max(time - this.#finAt, 0);
    }
    if (!this.#started) return;
    if (this.holes.any) {
      this.missedOctets += this.holes.fill((acknowledgment - GREATEST_WINDOW) | 0, acknowledgment);
    }
    const unseen = seqDistance(this.#next, acknowledgment);
    if (unseen <= 0 || unseen > GREATEST_WINDOW) return;
    this.missedOctets += unseen;
    this.#next = acknowledgment;
  }

  /** A reset by either side: its window binds nobody any more. */
  ended(time: number): void {
    if (this.#closedAt < 0) return;
    this.#closedSeconds += Math.max(time - this.#closedAt, 0);
    this.#closedAt = -1;
  }

  /** How long the window was zero, a period that has not ended counted up to `now`. */
  zeroWindowSeconds(now: number): number {
    return this.#closedAt < 0 ? this.#closedSeconds : this.#closedSeconds + Math.max(now - this.#closedAt, 0);
  }

  #watchWindow(packet: Packet, time: number, bits: number): void {
    if ((bits & Analysis.ZERO_WINDOW) !== 0) {
      if (this.#closedAt >= 0) return;
      this.#closedAt = time;
      this.zeroWindowTimes += 1;
    } else if (packet.window !== 0) {
      this.ended(time);
    }
  }

  #countSyn(sequenceNumber: number): void {
    if (this.#synSent && this.#synSequence === sequenceNumber) this.synRetries += 1;
    this.#synSent = true;
    this.#synSequence = sequenceNumber;
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
    if (this.#timing || (bits & NOT_NEW) !== 0) return;
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
    if (skipped > GREATEST_WINDOW) return;
    if (skipped > 0) this.holes.open(this.#next, sequenceNumber);
    else if (skipped < 0 && this.holes.any) this.filledOctets += this.holes.fill(sequenceNumber, end);
    if (seqDistance(this.#next, end) > 0) this.#next = end;
  }
}
