import { Flag, type Segment } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { TcpEvent, TcpState } from '../model/tcp-state.ts';
import { ReceiveSpace } from './receive-space.ts';
import { SendSpace } from './send-space.ts';
import { codeOf, describeMissing, Event, eventOf, nextState, State, stateOf } from './transition-codes.ts';

/** The parts of a segment that the tracker reads. */
export type TrackedFields = Pick<
  Segment,
  'flags' | 'sequenceNumber' | 'acknowledgmentNumber' | 'payloadBytes'
>;

/**
 * Follows one endpoint through RFC 9293's states by the segments it sends and receives. Deterministic, with no
 * clock; what the RFC drops, or the table has no cell for, leaves the state as it was and, unless it is a mere copy
 * of something earlier, becomes an anomaly, in words. The receive window is not followed.
 *
 * Numbers only: it is used again after {@link reset}, and a segment that the table allows makes nothing.
 */
export class EndpointTracker {
  #state: number;
  #reset = false;
  /** The unacceptable ACK received last while opening. */
  #refusedAck = 0;
  #hasRefused = false;
  /** Told of every event that the table has a cell for. */
  readonly #onEvent: ((from: TcpState, event: TcpEvent, to: TcpState) => void) | undefined;
  readonly #send = new SendSpace();
  readonly #receive = new ReceiveSpace();

  /** @param start the state before the first segment: `CLOSED` for who opens actively, `LISTEN` for who waits */
  constructor(start: TcpState, onEvent?: (from: TcpState, event: TcpEvent, to: TcpState) => void) {
    this.#state = codeOf(start);
    this.#onEvent = onEvent;
  }

  /** Forgets everything. */
  reset(start: TcpState): void {
    this.#state = codeOf(start);
    this.#reset = false;
    this.#hasRefused = false;
    this.#send.forget();
    this.#receive.forget();
  }

  get state(): TcpState {
    return stateOf(this.#state);
  }

  /** Distance of `number` from this end's initial sequence number; as it is while nothing was sent. */
  relative(number: number): number {
    const send = this.#send;
    return send.known ? send.octets + seqDistance(send.nxt, number) : number;
  }

  /** Octets sent and not acknowledged, SYN and FIN among them. */
  get unacknowledged(): number {
    const send = this.#send;
    return send.known ? Math.max(0, seqDistance(send.una, send.nxt)) : 0;
  }

  /**
   * @param anomalies what the table does not allow is added here: nothing is made for a segment that it allows
   * @returns whether all its sequence space had been sent before
   */
  trackSent(segment: TrackedFields, anomalies: string[]): boolean {
    const { flags, sequenceNumber, acknowledgmentNumber, payloadBytes } = segment;
    return this.send(flags, sequenceNumber | 0, acknowledgmentNumber | 0, payloadBytes, anomalies);
  }

  /** @param anomalies what the table does not allow is added here */
  trackReceived(segment: TrackedFields, anomalies: string[]): void {
    const { flags, sequenceNumber, acknowledgmentNumber, payloadBytes } = segment;
    this.receive(flags, sequenceNumber | 0, acknowledgmentNumber | 0, payloadBytes, anomalies);
  }

  /** As {@link trackSent}: a segment's fields as numbers, sequence numbers as signed 32 bits. */
  send(
    flags: number,
    sequence: number,
    acknowledgment: number,
    payloadBytes: number,
    anomalies: string[],
  ): boolean {
    if ((flags & Flag.RST) !== 0) {
      this.#sendReset(flags, sequence, anomalies);
      return false;
    }
    if (this.#reset) anomalies.push('segment after its own RST');
    if ((flags & Flag.ACK) !== 0 && this.#receive.known) this.#receive.acknowledge(flags, acknowledgment);
    const send = this.#send;
    if (!send.known || (flags & Flag.SYN) !== 0) send.begin(flags, sequence);
    const length = payloadBytes + controlOctets(flags);
    if (length === 0) {
      send.advance(seqDistance(send.nxt, sequence));
      return false;
    }
    const advance = seqDistance(send.nxt, sequence + length);
    if (advance <= 0) return true;
    if (payloadBytes > 0 && this.#state !== State.ESTABLISHED) this.#judgeData(flags, anomalies);
    send.advance(advance);
    if ((flags & (Flag.SYN | Flag.FIN)) !== 0) this.#sendControl(flags, anomalies);
    return false;
  }

  /** As {@link trackReceived}: a segment's fields as numbers, sequence numbers as signed 32 bits. */
  receive(
    flags: number,
    sequence: number,
    acknowledgment: number,
    payloadBytes: number,
    anomalies: string[],
  ): void {
    const state = this.#state;
    const control = flags & (Flag.SYN | Flag.FIN | Flag.RST);
    if ((control & Flag.RST) !== 0) this.#receiveReset(flags, sequence, acknowledgment, anomalies);
    else if (control === (Flag.SYN | Flag.FIN)) anomalies.push('SYN with FIN');
    else if (state === State.CLOSED) this.#receiveClosed(flags, payloadBytes, anomalies);
    else if (state === State.LISTEN || state === State.SYN_SENT)
      this.#receiveUnopened(flags, sequence, acknowledgment, payloadBytes, anomalies);
    else if (control === Flag.SYN) this.#receiveSyn(flags, sequence, acknowledgment, anomalies);
    else this.#receiveOpened(flags, sequence, acknowledgment, payloadBytes, anomalies);
  }

  #apply(event: number, anomalies: string[]): void {
    const next = nextState(this.#state, event);
    if (next === -1) anomalies.push(describeMissing(this.#state, event));
    else {
      this.#onEvent?.(stateOf(this.#state), eventOf(event), stateOf(next));
      this.#state = next;
    }
  }

  /** A RST's sequence number may be a copy of the other end's acknowledgement; it opens no sequence space. */
  #sendReset(flags: number, sequence: number, anomalies: string[]): void {
    // §3.10.7.2 to .4: <SEQ=SEG.ACK><CTL=RST> answers an unacceptable ACK, and this end stays where it is.
    const answers = (flags & Flag.ACK) === 0 && this.#hasRefused && sequence === this.#refusedAck;
    if (answers && isOpening(this.#state)) return;
    this.#apply(Event.SEND_RST, anomalies);
    this.#reset = true;
  }

  /** A SYN or FIN that was not sent before; it ends at `nxt`. */
  #sendControl(flags: number, anomalies: string[]): void {
    if ((flags & Flag.SYN) !== 0) {
      this.#apply((flags & Flag.ACK) === 0 ? Event.SEND_SYN : Event.SEND_SYN_ACK, anomalies);
    }
    if ((flags & Flag.FIN) !== 0 && this.#send.noteFin()) this.#apply(Event.SEND_FIN, anomalies);
  }

  #judgeData(flags: number, anomalies: string[]): void {
    const state = this.#state;
    // Data on a SYN is TCP Fast Open (RFC 7413), data from SYN-RECEIVED is allowed to be sent (§3.10.2).
    if (state === State.CLOSE_WAIT || (flags & Flag.SYN) !== 0 || state === State.SYN_RECEIVED) return;
    const opening = state === State.SYN_SENT || state === State.LISTEN || state === State.CLOSED;
    anomalies.push(opening ? 'data before established' : 'data after its own FIN');
  }

  #receiveReset(flags: number, sequence: number, acknowledgment: number, anomalies: string[]): void {
    if (this.#state === State.SYN_SENT) {
      // §3.10.7.3: only a RST that acknowledges the SYN counts.
      const answersSyn = (flags & Flag.ACK) !== 0 && this.#send.acknowledgesNew(acknowledgment);
      if (!answersSyn) anomalies.push('RST that does not acknowledge the SYN');
      else this.#apply(Event.RECV_RST, anomalies);
      return;
    }
    const listens = this.#state === State.LISTEN || this.#state === State.CLOSED;
    // §3.10.7.4: out of sequence it is answered by a challenge ACK (RFC 5961 §3.2), or dropped.
    if (!listens && this.#receive.known && !this.#receive.acceptsReset(sequence)) {
      anomalies.push('RST out of sequence');
    } else this.#apply(Event.RECV_RST, anomalies);
  }

  /** §3.10.7.1: whatever it is, it is discarded and, unless a RST, answered by one. */
  #receiveClosed(flags: number, payloadBytes: number, anomalies: string[]): void {
    const opens = (flags & (Flag.SYN | Flag.ACK)) === Flag.SYN;
    if (opens) this.#apply(Event.RECV_SYN, anomalies);
    else if (payloadBytes + controlOctets(flags) > 0) anomalies.push('segment to a closed end');
  }

  /** §3.10.7.2 and §3.10.7.3. */
  #receiveUnopened(
    flags: number,
    sequence: number,
    acknowledgment: number,
    payloadBytes: number,
    anomalies: string[],
  ): void {
    const acks = (flags & Flag.ACK) !== 0;
    if (acks && (this.#state === State.LISTEN || !this.#send.acknowledgesNew(acknowledgment))) {
      this.#refuseAck(acknowledgment, anomalies);
      return;
    }
    if ((flags & Flag.SYN) === 0) {
      anomalies.push(`segment without SYN in ${this.state}`);
      return;
    }
    this.#receive.begin(sequence);
    this.#receive.take(flags, sequence, payloadBytes + controlOctets(flags));
    if (acks) this.#send.una = acknowledgment;
    this.#apply(acks ? Event.RECV_SYN_ACK : Event.RECV_SYN, anomalies);
  }

  /** §3.10.7.4, a SYN in a later state: the other half of a simultaneous open, a copy, or an intruder. */
  #receiveSyn(flags: number, sequence: number, acknowledgment: number, anomalies: string[]): void {
    if (this.#receive.known && sequence !== this.#receive.irs) {
      anomalies.push('SYN inside the connection');
      return;
    }
    if (this.#state !== State.SYN_RECEIVED || (flags & Flag.ACK) === 0) return;
    if (!this.#send.acknowledgesNew(acknowledgment)) {
      this.#refuseAck(acknowledgment, anomalies);
      return;
    }
    this.#send.una = acknowledgment;
    this.#apply(Event.RECV_SYN_ACK, anomalies);
  }

  /** §3.10.7.4: the first step, then from the fifth on. */
  #receiveOpened(
    flags: number,
    sequence: number,
    acknowledgment: number,
    payloadBytes: number,
    anomalies: string[],
  ): void {
    const length = payloadBytes + controlOctets(flags);
    if (this.#receive.known && !this.#receive.accepts(sequence, length)) return;
    if ((flags & Flag.ACK) === 0) {
      anomalies.push('segment without ACK');
      return;
    }
    const opens = this.#state === State.SYN_RECEIVED;
    if (
      this.#send.acknowledgesUnsent(acknowledgment) ||
      (opens && !this.#send.acknowledgesNew(acknowledgment))
    ) {
      this.#refuseAck(acknowledgment, anomalies);
      return;
    }
    if (opens) this.#apply(Event.RECV_ACK_OF_SYN, anomalies);
    const acksFin = this.#send.takeAck(acknowledgment);
    if (!this.#receive.known) this.#receive.begin(sequence);
    const takesFin = this.#receive.take(flags, sequence, length);
    if (acksFin || takesFin) this.#close(acksFin, takesFin, anomalies);
  }

  #close(acksFin: boolean, takesFin: boolean, anomalies: string[]): void {
    if (takesFin && acksFin && this.#state === State.FIN_WAIT_1) {
      this.#apply(Event.RECV_FIN_AND_ACK_OF_FIN, anomalies);
      return;
    }
    if (acksFin) this.#apply(Event.RECV_ACK_OF_FIN, anomalies);
    if (takesFin) this.#apply(Event.RECV_FIN, anomalies);
  }

  /** §3.10.7.4: dropped, and answered by an ACK once established, by a RST before. */
  #refuseAck(acknowledgment: number, anomalies: string[]): void {
    if (isOpening(this.#state)) {
      this.#hasRefused = true;
      this.#refusedAck = acknowledgment;
    }
    const unsent = this.#send.acknowledgesUnsent(acknowledgment);
    anomalies.push(
      unsent ? 'acknowledgement of octets never sent' : 'acknowledgement of nothing that was sent',
    );
  }
}

/** States in which no connection exists yet: an unacceptable ACK is answered by a RST that ends nothing. */
function isOpening(state: number): boolean {
  return state === State.LISTEN || state === State.SYN_SENT || state === State.SYN_RECEIVED;
}

/** Octets of sequence space that SYN and FIN take. */
function controlOctets(flags: number): number {
  return ((flags & Flag.SYN) === 0 ? 0 : 1) + ((flags & Flag.FIN) === 0 ? 0 : 1);
}
