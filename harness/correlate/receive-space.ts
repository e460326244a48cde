import { Flag, hasFlags, type Segment, sequenceLength } from '../model/segment.ts';
import { seqAdd, seqDistance } from '../model/sequence-number.ts';

type ReceivedFields = Pick<Segment, 'flags' | 'sequenceNumber' | 'payloadBytes'>;

/** What arrived ahead of the next octet expected: `[from, to)`, the FIN's octet last where there is one. */
interface Ahead {
  readonly from: number;
  readonly to: number;
  readonly fin: boolean;
}

/** Receive variables of one endpoint, named as in RFC 9293 §3.3.1. Octets may arrive in any order, and twice. */
export class ReceiveSpace {
  /** The other end's initial sequence number. */
  readonly irs: number;
  /** Next octet expected. */
  #nxt: number;
  /** What this end acknowledged last; Linux's rcv_wup. */
  #acknowledged: number;
  #ahead: Ahead[] = [];
  #finTaken = false;

  /** @param first the segment that begins the space: the other end's SYN, or the first one seen of it */
  constructor(first: ReceivedFields) {
    this.irs = first.sequenceNumber;
    this.#nxt = first.sequenceNumber;
    this.#acknowledged = first.sequenceNumber;
    this.take(first);
  }

  /** Notes an acknowledgement that this end sent. */
  acknowledge({ flags, acknowledgmentNumber }: Pick<Segment, 'flags' | 'acknowledgmentNumber'>): void {
    const coversSyn = seqDistance(this.irs, acknowledgmentNumber) > 0;
    if (!coversSyn || seqDistance(acknowledgmentNumber, this.#nxt) < 0) return;
    this.#acknowledged = acknowledgmentNumber;
    // Data on a SYN counts as received only if the SYN,ACK says so (RFC 7413 §4.2.2).
    if ((flags & Flag.SYN) !== 0) this.#nxt = acknowledgmentNumber;
  }

  /**
   * Whether a segment does not lie wholly behind what was received (§3.10.7.4, first check; the window's right edge
   * is not followed). Linux looks at what it acknowledged last (tcp_sequence()), and so lets a retransmitted FIN pass
   * that acknowledges ours in CLOSING, where the RFC would drop it.
   */
  accepts(segment: ReceivedFields): boolean {
    const end = seqAdd(segment.sequenceNumber, sequenceLength(segment));
    return seqDistance(this.#acknowledged, end) >= 0;
  }

  /** @returns true once: when everything up to and with the other end's FIN has arrived */
  take(segment: ReceivedFields): boolean {
    // §3.10.7.4, seventh and eighth step: behind the FIN there is nothing more to receive.
    if (this.#finTaken) return false;
    const from = segment.sequenceNumber;
    const length = sequenceLength(segment);
    if (length === 0) return false;
    this.#ahead.push({ from, to: seqAdd(from, length), fin: hasFlags(segment, Flag.FIN) });
    this.#closeGaps();
    return this.#finTaken;
  }

  /**
   * Whether a RST with this number is believed: that of the next octet expected (§3.10.7.4, RFC 5961 §3.2). Linux
   * believes two more: the end of what arrived ahead of a gap, as a SACK would tell it (tcp_validate_incoming()),
   * and the number of the FIN itself once that was taken (tcp_reset_check()).
   */
  acceptsReset(sequenceNumber: number): boolean {
    const distance = seqDistance(this.#nxt, sequenceNumber);
    if (distance === 0 || (distance === -1 && this.#finTaken)) return true;
    const furthest = Math.max(0, ...this.#ahead.map(({ to }) => seqDistance(this.#nxt, to)));
    return furthest > 0 && distance === furthest;
  }

  /** Moves RCV.NXT over what has arrived without a gap. */
  #closeGaps(): void {
    for (;;) {
      const next = this.#ahead.find(({ from }) => seqDistance(from, this.#nxt) >= 0);
      if (next === undefined) return;
      this.#ahead = this.#ahead.filter((other) => other !== next);
      if (seqDistance(this.#nxt, next.to) <= 0) continue;
      this.#nxt = next.to;
      if (!next.fin) continue;
      this.#finTaken = true;
      this.#ahead = [];
    }
  }
}
