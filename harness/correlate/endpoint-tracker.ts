import { Flag, hasFlags, type Segment, sequenceLength } from '../model/segment.ts';
import { seqAdd, seqDistance } from '../model/sequence-number.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { type TcpEvent, TRANSITIONS } from './transitions.ts';

/** The parts of a segment that the tracker reads. */
export type TrackedFields = Pick<
  Segment,
  'flags' | 'sequenceNumber' | 'acknowledgmentNumber' | 'payloadBytes'
>;

/** Send and receive variables of one endpoint, named as in RFC 9293 §3.3.1. */
interface SendSpace {
  /** First octet sent: the SYN's. */
  iss: number;
  /** Next octet never sent before. */
  nxt: number;
  /** Oldest octet not yet acknowledged. */
  una: number;
  /** Sequence number of this end's FIN. */
  fin?: number;
}

interface ReceiveSpace {
  irs: number;
  /** Next octet expected. */
  nxt: number;
  /** Octets that arrived ahead of `nxt`, `[from, to)`. */
  readonly ahead: (readonly [from: number, to: number])[];
  /** Sequence number of the other end's FIN, once it was received, in order or not. */
  fin?: number;
}

/**
 * Follows one endpoint through RFC 9293's states by the segments it sends and receives. Deterministic, with no
 * clock; what the table has no cell for becomes an anomaly, in words, and leaves the state as it was.
 */
export class EndpointTracker {
  #state: TcpState;
  #send: SendSpace | undefined;
  #receive: ReceiveSpace | undefined;
  #reset = false;

  /** @param start `CLOSED` for an end that opens actively, `LISTEN` for one that waits */
  constructor(start: 'CLOSED' | 'LISTEN') {
    this.#state = start;
  }

  get state(): TcpState {
    return this.#state;
  }

  /** Initial send sequence number; undefined while nothing was sent. */
  get iss(): number | undefined {
    return this.#send?.iss;
  }

  /** Highest sequence number sent, plus one; undefined while nothing was sent. */
  get sndNxt(): number | undefined {
    return this.#send?.nxt;
  }

  /** @returns whether all its sequence space had been sent before, and what the table does not allow */
  trackSent(segment: TrackedFields): { readonly retransmission: boolean; readonly anomalies: string[] } {
    const length = sequenceLength(segment);
    const end = seqAdd(segment.sequenceNumber, length);
    const anomalies: string[] = [];
    // A reset's sequence number may be a copy of the other end's acknowledgement; it opens no sequence space.
    if (hasFlags(segment, Flag.RST)) {
      this.#apply('send RST', anomalies);
      this.#reset = true;
      return { retransmission: false, anomalies };
    }
    if (this.#reset) anomalies.push('segment after its own RST');
    this.#send ??= { iss: segment.sequenceNumber, nxt: segment.sequenceNumber, una: segment.sequenceNumber };
    const send = this.#send;
    const retransmission = length > 0 && seqDistance(send.nxt, end) <= 0;
    if (retransmission) return { retransmission, anomalies };
    if (segment.payloadBytes > 0) this.#judgeData(segment, anomalies);
    if (seqDistance(send.nxt, end) > 0) send.nxt = end;
    if (hasFlags(segment, Flag.SYN)) {
      this.#apply(hasFlags(segment, Flag.ACK) ? 'send SYN,ACK' : 'send SYN', anomalies);
    }
    if (hasFlags(segment, Flag.FIN) && send.fin === undefined) {
      send.fin = seqAdd(end, -1);
      this.#apply('send FIN', anomalies);
    }
    return { retransmission, anomalies };
  }

  /** @returns what the table does not allow */
  trackReceived(segment: TrackedFields): string[] {
    const anomalies: string[] = [];
    if (hasFlags(segment, Flag.RST)) {
      this.#receiveReset(segment, anomalies);
      return anomalies;
    }
    const acksFin = this.#receiveAck(segment, anomalies);
    const syn = hasFlags(segment, Flag.SYN);
    const isNewSyn = syn && this.#receive === undefined;
    this.#receiveOctets(segment);
    if (isNewSyn) this.#apply(hasFlags(segment, Flag.ACK) ? 'recv SYN,ACK' : 'recv SYN', anomalies);
    else if (syn && seqDistance(this.#receive?.irs ?? 0, segment.sequenceNumber) !== 0) {
      anomalies.push('SYN inside the connection');
    }
    const takesFin = this.#takeFin();
    if (takesFin && acksFin && this.#state === 'FIN-WAIT-1') this.#apply('recv FIN+ACK of FIN', anomalies);
    else {
      if (acksFin) this.#apply('recv ACK of FIN', anomalies);
      if (takesFin) this.#apply('recv FIN', anomalies);
    }
    return anomalies;
  }

  #apply(event: TcpEvent, anomalies: string[]): void {
    const next = TRANSITIONS[this.#state][event];
    if (next === undefined) anomalies.push(`${event} in ${this.#state}`);
    else this.#state = next;
  }

  #judgeData(segment: TrackedFields, anomalies: string[]): void {
    if (this.#state === 'ESTABLISHED' || this.#state === 'CLOSE-WAIT') return;
    // Data on a SYN is TCP Fast Open (RFC 7413), data from SYN-RECEIVED is allowed to be sent (§3.10.2).
    if (hasFlags(segment, Flag.SYN) || this.#state === 'SYN-RECEIVED') return;
    const opening = this.#state === 'SYN-SENT' || this.#state === 'LISTEN' || this.#state === 'CLOSED';
    anomalies.push(opening ? 'data before established' : 'data after its own FIN');
  }

  #receiveReset(segment: TrackedFields, anomalies: string[]): void {
    const answersSyn = hasFlags(segment, Flag.ACK) && segment.acknowledgmentNumber === this.#send?.nxt;
    // §3.10.7.3: in SYN-SENT only a RST that acknowledges the SYN counts.
    if (this.#state === 'SYN-SENT' && !answersSyn) anomalies.push('RST that does not acknowledge the SYN');
    else this.#apply('recv RST', anomalies);
  }

  /** @returns whether this acknowledges our FIN for the first time */
  #receiveAck(segment: TrackedFields, anomalies: string[]): boolean {
    const send = this.#send;
    if (!hasFlags(segment, Flag.ACK) || send === undefined) return false;
    const ack = segment.acknowledgmentNumber;
    if (seqDistance(send.nxt, ack) > 0) {
      anomalies.push('acknowledgement of octets never sent');
      return false;
    }
    const advance = seqDistance(send.una, ack);
    if (advance <= 0) return false;
    const synWasOpen = send.una === send.iss;
    send.una = ack;
    if (synWasOpen && this.#state === 'SYN-RECEIVED' && !hasFlags(segment, Flag.SYN)) {
      this.#apply('recv ACK of SYN', anomalies);
    }
    return send.fin !== undefined && seqDistance(send.fin, ack) > 0;
  }

  /** Moves `rcv.nxt` over what has arrived without a gap. */
  #receiveOctets(segment: TrackedFields): void {
    const from = segment.sequenceNumber;
    const to = seqAdd(from, sequenceLength(segment));
    this.#receive ??= { irs: from, nxt: from, ahead: [] };
    const receive = this.#receive;
    if (hasFlags(segment, Flag.FIN)) receive.fin ??= seqAdd(to, -1);
    if (to !== from) receive.ahead.push([from, to]);
    for (let moved = true; moved; ) {
      moved = false;
      for (const [index, [left, right]] of receive.ahead.entries()) {
        if (seqDistance(left, receive.nxt) < 0) continue;
        receive.ahead.splice(index, 1);
        if (seqDistance(receive.nxt, right) > 0) receive.nxt = right;
        moved = true;
        break;
      }
    }
  }

  /** True once: when everything up to and with the other end's FIN has arrived. */
  #takeFin(): boolean {
    const receive = this.#receive;
    if (receive?.fin === undefined || this.#finTaken) return false;
    this.#finTaken = seqDistance(receive.fin, receive.nxt) > 0;
    return this.#finTaken;
  }

  #finTaken = false;
}
