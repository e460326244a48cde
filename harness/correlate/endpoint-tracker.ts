import { Flag, hasFlags, type Segment, sequenceLength } from '../model/segment.ts';
import { seqAdd, seqDistance } from '../model/sequence-number.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { ReceiveSpace } from './receive-space.ts';
import { type TcpEvent, TRANSITIONS } from './transitions.ts';

/** The parts of a segment that the tracker reads. */
export type TrackedFields = Pick<
  Segment,
  'flags' | 'sequenceNumber' | 'acknowledgmentNumber' | 'payloadBytes'
>;

/** Send variables of one endpoint, named as in RFC 9293 §3.3.1. */
interface SendSpace {
  /** First octet sent: the SYN's. */
  readonly iss: number;
  /** Next octet never sent before. */
  nxt: number;
  /** Oldest octet not yet acknowledged. */
  una: number;
  /** Sequence number of this end's FIN. */
  fin?: number;
  finAcknowledged: boolean;
  /** Octets from `iss` to `nxt`, not modulo 2³². */
  octets: number;
}

/** States in which no connection exists yet: an unacceptable ACK is answered by a RST that ends nothing. */
const OPENING: ReadonlySet<TcpState> = new Set(['LISTEN', 'SYN-SENT', 'SYN-RECEIVED']);

/**
 * Follows one endpoint through RFC 9293's states by the segments it sends and receives. Deterministic, with no
 * clock; what the RFC drops, or the table has no cell for, leaves the state as it was and, unless it is a mere copy
 * of something earlier, becomes an anomaly, in words. The receive window is not followed.
 */
export class EndpointTracker {
  #state: TcpState;
  #send: SendSpace | undefined;
  #receive: ReceiveSpace | undefined;
  #reset = false;
  /** The unacceptable ACK received last while opening. */
  #refusedAck: number | undefined;

  /** @param start the state before the first segment: `CLOSED` for who opens actively, `LISTEN` for who waits */
  constructor(start: TcpState) {
    this.#state = start;
  }

  get state(): TcpState {
    return this.#state;
  }

  /** Distance of `number` from this end's initial sequence number; as it is while nothing was sent. */
  relative(number: number): number {
    const send = this.#send;
    return send === undefined ? number : send.octets + seqDistance(send.nxt, number);
  }

  /** @returns whether all its sequence space had been sent before, and what the table does not allow */
  trackSent(segment: TrackedFields): { readonly retransmission: boolean; readonly anomalies: string[] } {
    const anomalies: string[] = [];
    if (hasFlags(segment, Flag.RST)) {
      this.#sendReset(segment, anomalies);
      return { retransmission: false, anomalies };
    }
    if (this.#reset) anomalies.push('segment after its own RST');
    if (hasFlags(segment, Flag.ACK)) this.#receive?.acknowledge(segment);
    const send = this.#sendSpaceFor(segment);
    const length = sequenceLength(segment);
    const end = seqAdd(segment.sequenceNumber, length);
    const advance = seqDistance(send.nxt, end);
    if (length > 0 && advance <= 0) return { retransmission: true, anomalies };
    if (segment.payloadBytes > 0) this.#judgeData(segment, anomalies);
    if (advance > 0) {
      send.nxt = end;
      send.octets += advance;
    }
    if (hasFlags(segment, Flag.SYN)) {
      this.#apply(hasFlags(segment, Flag.ACK) ? 'send SYN,ACK' : 'send SYN', anomalies);
    }
    if (hasFlags(segment, Flag.FIN) && send.fin === undefined) {
      send.fin = seqAdd(end, -1);
      this.#apply('send FIN', anomalies);
    }
    return { retransmission: false, anomalies };
  }

  /** @returns what the table does not allow */
  trackReceived(segment: TrackedFields): string[] {
    const anomalies: string[] = [];
    if (hasFlags(segment, Flag.RST)) this.#receiveReset(segment, anomalies);
    else if (hasFlags(segment, Flag.SYN | Flag.FIN)) anomalies.push('SYN with FIN');
    else if (this.#state === 'CLOSED') this.#receiveClosed(segment, anomalies);
    else if (this.#state === 'LISTEN' || this.#state === 'SYN-SENT')
      this.#receiveUnopened(segment, anomalies);
    else if (hasFlags(segment, Flag.SYN)) this.#receiveSyn(segment, anomalies);
    else this.#receiveOpened(segment, anomalies);
    return anomalies;
  }

  #apply(event: TcpEvent, anomalies: string[]): void {
    const next = TRANSITIONS[this.#state][event];
    if (next === undefined) anomalies.push(`${event} in ${this.#state}`);
    else this.#state = next;
  }

  /** A RST's sequence number may be a copy of the other end's acknowledgement; it opens no sequence space. */
  #sendReset(segment: TrackedFields, anomalies: string[]): void {
    // §3.10.7.2 to .4: <SEQ=SEG.ACK><CTL=RST> answers an unacceptable ACK, and this end stays where it is.
    const answers = !hasFlags(segment, Flag.ACK) && segment.sequenceNumber === this.#refusedAck;
    if (answers && OPENING.has(this.#state)) return;
    this.#apply('send RST', anomalies);
    this.#reset = true;
  }

  /** A SYN begins anew while nothing was acknowledged: what was sent before was not of this connection. */
  #sendSpaceFor(segment: TrackedFields): SendSpace {
    const iss = segment.sequenceNumber;
    const known = this.#send;
    const anew = hasFlags(segment, Flag.SYN) && known?.una === known?.iss && known?.iss !== iss;
    if (known !== undefined && !anew) return known;
    this.#send = { iss, nxt: iss, una: iss, octets: 0, finAcknowledged: false };
    return this.#send;
  }

  #judgeData(segment: TrackedFields, anomalies: string[]): void {
    if (this.#state === 'ESTABLISHED' || this.#state === 'CLOSE-WAIT') return;
    // Data on a SYN is TCP Fast Open (RFC 7413), data from SYN-RECEIVED is allowed to be sent (§3.10.2).
    if (hasFlags(segment, Flag.SYN) || this.#state === 'SYN-RECEIVED') return;
    const opening = this.#state === 'SYN-SENT' || this.#state === 'LISTEN' || this.#state === 'CLOSED';
    anomalies.push(opening ? 'data before established' : 'data after its own FIN');
  }

  #receiveReset(segment: TrackedFields, anomalies: string[]): void {
    if (this.#state === 'SYN-SENT') {
      // §3.10.7.3: only a RST that acknowledges the SYN counts.
      const answersSyn = hasFlags(segment, Flag.ACK) && this.#acknowledgesNew(segment);
      if (!answersSyn) anomalies.push('RST that does not acknowledge the SYN');
      else this.#apply('recv RST', anomalies);
      return;
    }
    const listens = this.#state === 'LISTEN' || this.#state === 'CLOSED';
    // §3.10.7.4: out of sequence it is answered by a challenge ACK (RFC 5961 §3.2), or dropped.
    if (!listens && this.#receive?.acceptsReset(segment.sequenceNumber) === false) {
      anomalies.push('RST out of sequence');
    } else this.#apply('recv RST', anomalies);
  }

  /** §3.10.7.1: whatever it is, it is discarded and, unless a RST, answered by one. */
  #receiveClosed(segment: TrackedFields, anomalies: string[]): void {
    const opens = hasFlags(segment, Flag.SYN) && !hasFlags(segment, Flag.ACK);
    if (opens) this.#apply('recv SYN', anomalies);
    else if (sequenceLength(segment) > 0) anomalies.push('segment to a closed end');
  }

  /** §3.10.7.2 and §3.10.7.3. */
  #receiveUnopened(segment: TrackedFields, anomalies: string[]): void {
    const acks = hasFlags(segment, Flag.ACK);
    if (acks && (this.#state === 'LISTEN' || !this.#acknowledgesNew(segment))) {
      this.#refuseAck(segment, anomalies);
      return;
    }
    if (!hasFlags(segment, Flag.SYN)) {
      anomalies.push(`segment without SYN in ${this.#state}`);
      return;
    }
    this.#receive = new ReceiveSpace(segment);
    if (acks && this.#send !== undefined) this.#send.una = segment.acknowledgmentNumber;
    this.#apply(acks ? 'recv SYN,ACK' : 'recv SYN', anomalies);
  }

  /** §3.10.7.4, a SYN in a later state: the other half of a simultaneous open, a copy, or an intruder. */
  #receiveSyn(segment: TrackedFields, anomalies: string[]): void {
    if (this.#receive !== undefined && segment.sequenceNumber !== this.#receive.irs) {
      anomalies.push('SYN inside the connection');
      return;
    }
    if (this.#state !== 'SYN-RECEIVED' || !hasFlags(segment, Flag.ACK)) return;
    if (!this.#acknowledgesNew(segment)) {
      this.#refuseAck(segment, anomalies);
      return;
    }
    if (this.#send !== undefined) this.#send.una = segment.acknowledgmentNumber;
    this.#apply('recv SYN,ACK', anomalies);
  }

  /** §3.10.7.4: the first step, then from the fifth on. */
  #receiveOpened(segment: TrackedFields, anomalies: string[]): void {
    if (this.#receive?.accepts(segment) === false) return;
    if (!hasFlags(segment, Flag.ACK)) {
      anomalies.push('segment without ACK');
      return;
    }
    if (this.#acknowledgesUnsent(segment)) {
      this.#refuseAck(segment, anomalies);
      return;
    }
    if (this.#state === 'SYN-RECEIVED') {
      if (!this.#acknowledgesNew(segment)) {
        this.#refuseAck(segment, anomalies);
        return;
      }
      this.#apply('recv ACK of SYN', anomalies);
    }
    const acksFin = this.#takeAck(segment);
    this.#receive ??= new ReceiveSpace({ ...segment, payloadBytes: 0, flags: 0 });
    const takesFin = this.#receive.take(segment);
    if (takesFin && acksFin && this.#state === 'FIN-WAIT-1') this.#apply('recv FIN+ACK of FIN', anomalies);
    else {
      if (acksFin) this.#apply('recv ACK of FIN', anomalies);
      if (takesFin) this.#apply('recv FIN', anomalies);
    }
  }

  /** §3.10.7.4: dropped, and answered by an ACK once established, by a RST before. */
  #refuseAck(segment: TrackedFields, anomalies: string[]): void {
    if (OPENING.has(this.#state)) this.#refusedAck = segment.acknowledgmentNumber;
    const unsent = this.#acknowledgesUnsent(segment);
    anomalies.push(
      unsent ? 'acknowledgement of octets never sent' : 'acknowledgement of nothing that was sent',
    );
  }

  #acknowledgesUnsent({ acknowledgmentNumber }: TrackedFields): boolean {
    return this.#send !== undefined && seqDistance(this.#send.nxt, acknowledgmentNumber) > 0;
  }

  /** SND.UNA < SEG.ACK ≤ SND.NXT; true as well while it is not known what was sent. */
  #acknowledgesNew(segment: TrackedFields): boolean {
    if (this.#send === undefined) return true;
    const advances = seqDistance(this.#send.una, segment.acknowledgmentNumber) > 0;
    return advances && !this.#acknowledgesUnsent(segment);
  }

  /** @returns whether this acknowledges our FIN for the first time */
  #takeAck({ acknowledgmentNumber }: TrackedFields): boolean {
    const send = this.#send;
    if (send === undefined || seqDistance(send.una, acknowledgmentNumber) <= 0) return false;
    send.una = acknowledgmentNumber;
    if (send.finAcknowledged || send.fin === undefined) return false;
    send.finAcknowledged = seqDistance(send.fin, acknowledgmentNumber) > 0;
    return send.finAcknowledged;
  }
}
