import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { PredictedEnd } from './predicted-connection.ts';
import { GREATEST_WINDOW } from './window-limits.ts';

/**
 * Send variables of one endpoint, named as in RFC 9293 §3.3.1. Sequence numbers are signed 32 bits. Used again after
 * {@link forget}, so that a connection costs no allocation.
 */
export class SendSpace {
  /** Whether anything was sent: until then the other fields mean nothing. */
  known = false;
  /** First octet sent: the SYN's. */
  #iss = 0;
  /** Next octet never sent before. */
  nxt = 0;
  /** Oldest octet not yet acknowledged. */
  una = 0;
  /** Octets from `iss` to `nxt`, not modulo 2³². */
  octets = 0;
  #finSent = false;
  #finAcknowledged = false;
  /** Sequence number of this end's FIN. */
  #fin = 0;
  /** Octets that were acknowledged and are yet to be seen, `[from, to)`: the capture missed them, or has them later. */
  #unseen = false;
  #unseenFrom = 0;
  #unseenTo = 0;

  forget(): void {
    this.known = false;
  }

  /** Goes on from what was predicted of this end. */
  adopt(end: PredictedEnd): void {
    this.known = end.packets > 0;
    this.#iss = end.iss;
    this.nxt = end.nxt;
    this.una = end.una;
    this.octets = 1 + end.bytes + (end.hasSentFin ? 1 : 0);
    this.#finSent = end.hasSentFin;
    this.#fin = (end.nxt - 1) | 0;
    this.#finAcknowledged = end.hasSentFin && end.una === end.nxt;
    this.#unseen = false;
  }

  /** A SYN begins anew while nothing was acknowledged: what was sent before was not of this connection. */
  begin(flags: number, iss: number): void {
    const anew = (flags & Flag.SYN) !== 0 && this.una === this.#iss && this.#iss !== iss;
    if (this.known && !anew) return;
    this.known = true;
    this.#iss = iss;
    this.nxt = iss;
    this.una = iss;
    this.octets = 0;
    this.#finSent = false;
    this.#finAcknowledged = false;
    this.#unseen = false;
  }

  /** Octets of data sent and not acknowledged. */
  get unacknowledgedData(): number {
    if (!this.known) return 0;
    const syn = this.una === this.#iss ? 1 : 0;
    const fin = this.#finSent && !this.#finAcknowledged ? 1 : 0;
    return Math.max(0, seqDistance(this.una, this.nxt) - syn - fin);
  }

  get hasSentFin(): boolean {
    return this.known && this.#finSent;
  }

  advance(octets: number): void {
    if (octets <= 0) return;
    this.nxt = (this.nxt + octets) | 0;
    this.octets += octets;
  }

  /** Notes a FIN. @param end the number after it @returns whether it is the first */
  noteFin(end: number): boolean {
    if (this.#finSent) return false;
    this.#finSent = true;
    this.#fin = (end - 1) | 0;
    return true;
  }

  /** @returns true once: when the FIN had been acknowledged before it was noted */
  takeEarlyAckOfFin(): boolean {
    if (this.#finAcknowledged || seqDistance(this.#fin, this.una) <= 0) return false;
    this.#finAcknowledged = true;
    return true;
  }

  /**
   * Takes an acknowledgement of octets never seen for proof that they were sent.
   * @returns false when it is so far off that no window would have admitted them
   */
  believe(acknowledgment: number): boolean {
    const octets = seqDistance(this.nxt, acknowledgment);
    if (octets > GREATEST_WINDOW) return false;
    this.#unseen = true;
    this.#unseenFrom = this.nxt;
    this.#unseenTo = acknowledgment;
    this.advance(octets);
    return true;
  }

  /** @returns true once: when `[from, to)` has of what was acknowledged before it was seen */
  bringsUnseen(from: number, to: number): boolean {
    if (!this.#unseen) return false;
    const overlaps = seqDistance(from, this.#unseenTo) > 0 && seqDistance(this.#unseenFrom, to) > 0;
    if (overlaps) this.#unseen = false;
    return overlaps;
  }

  acknowledgesUnsent(acknowledgment: number): boolean {
    return this.known && seqDistance(this.nxt, acknowledgment) > 0;
  }

  /** SND.UNA < SEG.ACK ≤ SND.NXT; true as well while it is not known what was sent. */
  acknowledgesNew(acknowledgment: number): boolean {
    if (!this.known) return true;
    return seqDistance(this.una, acknowledgment) > 0 && seqDistance(this.nxt, acknowledgment) <= 0;
  }

  /** @returns whether this acknowledges our FIN for the first time */
  takeAck(acknowledgment: number): boolean {
    if (!this.known || seqDistance(this.una, acknowledgment) <= 0) return false;
    this.una = acknowledgment;
    if (this.#finAcknowledged || !this.#finSent) return false;
    this.#finAcknowledged = seqDistance(this.#fin, acknowledgment) > 0;
    return this.#finAcknowledged;
  }
}
