import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { PredictedEnd } from './predicted-connection.ts';
import { GREATEST_WINDOW } from './window-limits.ts';

/** What arrived ahead of the next octet expected: `[from, to)`, the FIN's octet last where there is one. */
interface Ahead {
  readonly from: number;
  readonly to: number;
  readonly fin: boolean;
}

const MOST_GAPS = 1024;

/** Shared by all spaces in which nothing came ahead. */
const NOTHING_AHEAD: readonly Ahead[] = [];

/**
 * Receive variables of one endpoint, named as in RFC 9293 §3.3.1. Octets may arrive in any order, and twice.
 * Takes a segment as numbers (sequence numbers as signed 32 bits, length with SYN and FIN) and is used again after
 * {@link forget}, so that a connection costs no allocation.
 */
export class ReceiveSpace {
  /** Whether it has begun: until then the other fields mean nothing. */
  known = false;
  /** The other end's initial sequence number. */
  irs = 0;
  /** Next octet expected. */
  #nxt = 0;
  /** What this end acknowledged last; Linux's rcv_wup. */
  #acknowledged = 0;
  #ahead = NOTHING_AHEAD;
  #finTaken = false;
  /** Whether octets were counted as received that were not seen. */
  #skipped = false;

  forget(): void {
    this.known = false;
  }

  /**
   * Goes on from what was predicted: all that `peer` sent has arrived here, but for a FIN that is under way.
   * @param own this end
   */
  adopt(own: PredictedEnd, peer: PredictedEnd): void {
    this.begin(peer.iss);
    this.#acknowledged = own.acknowledged;
    this.#nxt = peer.hasSentFin && !peer.isFinTaken ? peer.controlSequence : peer.nxt;
    this.#finTaken = peer.isFinTaken;
  }

  /** @param irs number of the segment that begins the space: the other end's SYN, or the first one seen of it */
  begin(irs: number): void {
    this.known = true;
    this.irs = irs;
    this.#nxt = irs;
    this.#acknowledged = irs;
    this.#ahead = NOTHING_AHEAD;
    this.#finTaken = false;
    this.#skipped = false;
  }

  /** Counts everything before a number as received, without having seen it. */
  skipTo(number: number): void {
    if (this.known) this.#skipTo(number);
  }

  /**
   * Notes an acknowledgement that this end sent.
   * @param mayMiss one of more than was seen to come is proof that it came: the capture missed it
   * @returns true once: when that is how it became known that everything with the other end's FIN has arrived
   */
  acknowledge(flags: number, acknowledgment: number, mayMiss: boolean): boolean {
    const coversSyn = seqDistance(this.irs, acknowledgment) > 0;
    if (!coversSyn) return false;
    const isAhead = seqDistance(acknowledgment, this.#nxt) < 0;
    if (isAhead && !(mayMiss && seqDistance(this.#nxt, acknowledgment) <= GREATEST_WINDOW)) return false;
    this.#acknowledged = acknowledgment;
    if (isAhead) return this.#skipTo(acknowledgment);
    // Data on a SYN counts as received only if the SYN,ACK says so (RFC 7413 §4.2.2).
    if ((flags & Flag.SYN) !== 0) this.#nxt = acknowledgment;
    return false;
  }

  /**
   * Whether a segment does not lie wholly behind what was received (§3.10.7.4, first check; the window's right edge
   * is not followed). Linux looks at what it acknowledged last (tcp_sequence()), and so lets a retransmitted FIN pass
   * that acknowledges ours in CLOSING, where the RFC would drop it.
   */
  accepts(sequence: number, length: number): boolean {
    return seqDistance(this.#acknowledged, sequence + length) >= 0;
  }

  /** @returns true once: when everything up to and with the other end's FIN has arrived */
  take(flags: number, from: number, length: number): boolean {
    // §3.10.7.4, seventh and eighth step: behind the FIN there is nothing more to receive.
    if (length === 0 || this.#finTaken) return false;
    const to = (from + length) | 0;
    const fin = (flags & Flag.FIN) !== 0;
    if (this.#ahead.length === 0 && seqDistance(from, this.#nxt) >= 0) this.#advance(to, fin);
    else {
      // A sender that leaves so many gaps is none; what it sent first is not waited for any longer.
      const kept = this.#ahead.length === MOST_GAPS ? this.#ahead.slice(1) : this.#ahead;
      this.#ahead = [...kept, { from, to, fin }];
      this.#closeGaps();
    }
    return this.#finTaken;
  }

  /**
   * Whether a RST with this number is believed: that of the next octet expected (§3.10.7.4, RFC 5961 §3.2). Linux
   * believes two more: the end of what arrived ahead of a gap, as a SACK would tell it (tcp_validate_incoming()),
   * and the number of the FIN itself once that was taken (tcp_reset_check()).
   */
  acceptsReset(sequence: number): boolean {
    const distance = seqDistance(this.#nxt, sequence);
    if (distance === 0 || (distance === -1 && this.#finTaken)) return true;
    const furthest = Math.max(0, ...this.#ahead.map(({ to }) => seqDistance(this.#nxt, to)));
    return furthest > 0 && distance === furthest;
  }

  /** What came ahead and was acknowledged is no longer ahead of a gap. */
  #skipTo(number: number): boolean {
    if (this.#finTaken) return false;
    this.#skipped = true;
    this.#finTaken = this.#ahead.some(({ to, fin }) => fin && seqDistance(to, number) >= 0);
    this.#nxt = number;
    this.#ahead = this.#finTaken
      ? NOTHING_AHEAD
      : this.#ahead.filter(({ to }) => seqDistance(number, to) > 0);
    this.#closeGaps();
    return this.#finTaken;
  }

  /** Moves RCV.NXT over what has arrived without a gap. */
  #closeGaps(): void {
    for (;;) {
      const next = this.#ahead.find(({ from }) => seqDistance(from, this.#nxt) >= 0);
      if (next === undefined) return;
      this.#ahead = this.#ahead.filter((other) => other !== next);
      this.#advance(next.to, next.fin);
    }
  }

  #advance(to: number, fin: boolean): void {
    const ahead = seqDistance(this.#nxt, to);
    // A FIN may be seen only after its acknowledgement.
    const isLateFin = ahead === 0 && fin && this.#skipped;
    if (ahead <= 0 && !isLateFin) return;
    this.#nxt = to;
    if (!fin) return;
    this.#finTaken = true;
    this.#ahead = NOTHING_AHEAD;
  }
}
