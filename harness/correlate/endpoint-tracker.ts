import { Flag, type Segment } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { TcpEvent, TcpState } from '../model/tcp-state.ts';
import { judgeData, refusedAck, segmentAfterReset } from './endpoint-anomalies.ts';
import type { PredictedEnd } from './predicted-connection.ts';
import { ReceiveSpace } from './receive-space.ts';
import { SendSpace } from './send-space.ts';
import { codeOf, describeMissing, Event, eventOf, nextState, State, stateOf } from './transition-codes.ts';

/** The parts of a segment that the tracker reads. */
export type TrackedFields = Pick<
  Segment,
  'flags' | 'sequenceNumber' | 'acknowledgmentNumber' | 'payloadBytes'
>;

/** An event that an end met, and where the table led it. */
type EventListener = (from: TcpState, event: TcpEvent, to: TcpState) => void;

/**
 * Follows one endpoint through RFC 9293's states by the segments it sends and receives. Deterministic, with no
 * clock; what the RFC drops, or the table has no cell for, leaves the state as it was and, unless it is a mere copy
 * of something earlier, becomes an anomaly, in words. The receive window is not followed.
 *
 * Where the capture may miss what crossed, an acknowledgement of more than was seen is believed: it is proof that the
 * octets crossed. So is an ACK from SYN-SENT: it answers a SYN,ACK that was not captured.
 *
 * Numbers only: it is used again after {@link reset}, and a segment that the table allows makes nothing.
 */
export class EndpointTracker {
  #state: number;
  #reset = false;
  /** The unacceptable ACK received last while opening. */
  #refusedAck = 0;
  #hasRefused = false;
  /** ESTABLISHED on the word of an own ACK, 1; with data behind it, 2. */
  #presumed = 0;
  /** It is CLOSED again. */
  #wasOpen = false;
  readonly #mayMiss: boolean;
  readonly #onEvent: EventListener | undefined;
  readonly #send = new SendSpace();
  readonly #receive = new ReceiveSpace();

  /**
   * @param start the state before the first segment: `CLOSED` for who opens actively, `LISTEN` for who waits
   * @param mayMiss whether segments may have crossed that the capture does not have
   * @param onEvent told of every event that the table has a cell for
   */
  constructor(start: TcpState, mayMiss = false, onEvent?: EventListener) {
    this.#state = codeOf(start);
    this.#mayMiss = mayMiss;
    this.#onEvent = onEvent;
  }

  /** Forgets everything. */
  reset(start: TcpState): void {
    this.#state = codeOf(start);
    this.#reset = false;
    this.#hasRefused = false;
    this.#presumed = 0;
    this.#wasOpen = false;
    this.#send.forget();
    this.#receive.forget();
  }

  /**
   * Goes on from what was predicted.
   * @param peer undefined while nothing of it has arrived here
   */
  adopt(state: TcpState, own: PredictedEnd, peer: PredictedEnd | undefined): void {
    this.reset(state);
    this.#wasOpen = state === 'CLOSED';
    this.#send.adopt(own);
    if (peer !== undefined) this.#receive.adopt(own, peer);
  }

  get state(): TcpState {
    return stateOf(this.#state);
  }

  /** Distance of `number` from this end's initial sequence number; as it is while nothing was sent. */
  relative(number: number): number {
    const send = this.#send;
    return send.known ? send.octets + seqDistance(send.nxt, number) : number;
  }

  /** Octets of data sent and not acknowledged. */
  get unacknowledgedData(): number {
    return this.#send.unacknowledgedData;
  }

  /**
   * Whether this end would not believe a RST with these fields: in SYN-SENT one that does not acknowledge the SYN
   * (§3.10.7.3), later one that is not of the next octet expected (RFC 5961 §3.2, as Linux has it).
   */
  refusesReset(flags: number, sequence: number, acknowledgment: number): boolean {
    if (this.#state === State.LISTEN || this.#state === State.CLOSED) return false;
    if (this.#state === State.SYN_SENT) {
      return (flags & Flag.ACK) === 0 || !this.#send.acknowledgesNew(acknowledgment);
    }
    return this.#receive.known && !this.#receive.acceptsReset(sequence);
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

  /** Whether a number is that of the next octet that this end would send. */
  isAt(sequence: number): boolean {
    return this.#send.known && this.#send.nxt === sequence;
  }

  /** Counts what the other end sent before a number as received: the capture missed it. */
  skipTo(sequence: number): void {
    this.#receive.skipTo(sequence);
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
    if (this.#reset) anomalies.push(segmentAfterReset(flags, payloadBytes));
    if ((flags & Flag.ACK) !== 0 && this.#receive.known) {
      const takesFin = this.#receive.acknowledge(flags, acknowledgment, this.#mayMiss);
      if (takesFin) this.#apply(Event.RECV_FIN, anomalies);
    }
    if (this.#state === State.SYN_SENT && this.#mayMiss) this.#presumeSynAck(flags, payloadBytes);
    const send = this.#send;
    const isLateSyn = !send.known && this.#hasSentSynUnseen(flags);
    if (!send.known || (flags & Flag.SYN) !== 0) send.begin(flags, sequence);
    const length = payloadBytes + controlOctets(flags);
    if (length === 0) {
      send.advance(seqDistance(send.nxt, sequence));
      return false;
    }
    const end = (sequence + length) | 0;
    const advance = seqDistance(send.nxt, end);
    if (advance <= 0) {
      if (!send.bringsUnseen(sequence, end)) return true;
      anomalies.push('acknowledgement of octets that were seen only later');
    }
    if (payloadBytes > 0 && this.#state !== State.ESTABLISHED) {
      judgeData(this.#state, flags, this.#wasOpen, send.hasSentFin, anomalies);
    }
    send.advance(advance);
    // A SYN that was captured behind its answer has been sent for long.
    if ((flags & (Flag.SYN | Flag.FIN)) !== 0 && !isLateSyn) this.#sendControl(flags, end, anomalies);
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
    if (next === -1) {
      anomalies.push(describeMissing(this.#state, event));
      return;
    }
    this.#onEvent?.(stateOf(this.#state), eventOf(event), stateOf(next));
    if (next === State.CLOSED && this.#state !== State.CLOSED) this.#wasOpen = true;
    this.#state = next;
  }

  /** A RST's sequence number may be a copy of the other end's acknowledgement; it opens no sequence space. */
  #sendReset(flags: number, sequence: number, anomalies: string[]): void {
    if ((flags & Flag.SYN) !== 0) anomalies.push('SYN with RST');
    // §3.10.7.2 to .4: <SEQ=SEG.ACK><CTL=RST> answers an unacceptable ACK, and this end stays where it is.
    const answers = (flags & Flag.ACK) === 0 && this.#hasRefused && sequence === this.#refusedAck;
    if (answers && isOpening(this.#state)) return;
    this.#apply(Event.SEND_RST, anomalies);
    this.#reset = true;
  }

  /** A SYN or FIN that was not sent before. */
  #sendControl(flags: number, end: number, anomalies: string[]): void {
    if ((flags & Flag.SYN) !== 0) {
      this.#apply((flags & Flag.ACK) === 0 ? Event.SEND_SYN : Event.SEND_SYN_ACK, anomalies);
    }
    if ((flags & Flag.FIN) === 0) return;
    if (!this.#send.noteFin(end)) {
      anomalies.push('another FIN behind the first');
      return;
    }
    this.#apply(Event.SEND_FIN, anomalies);
    if (this.#send.takeEarlyAckOfFin()) this.#apply(Event.RECV_ACK_OF_FIN, anomalies);
  }

  /** Whether a SYN that is the first segment seen of this end must have been sent before, by where this end is. */
  #hasSentSynUnseen(flags: number): boolean {
    return this.#state === State.SYN_SENT || (this.#state > State.SYN_RECEIVED && (flags & Flag.ACK) !== 0);
  }

  /** Who acknowledges from SYN-SENT has had a SYN,ACK. Should that come yet, it was wrong to send data. */
  #presumeSynAck(flags: number, payloadBytes: number): void {
    if ((flags & Flag.ACK) === 0 || (flags & Flag.SYN) !== 0) return;
    this.#state = State.ESTABLISHED;
    this.#presumed = payloadBytes > 0 ? 2 : 1;
  }

  #receiveReset(flags: number, sequence: number, acknowledgment: number, anomalies: string[]): void {
    // It is answered by a challenge ACK (RFC 5961 §3.2), or dropped.
    if (this.refusesReset(flags, sequence, acknowledgment)) {
      const opens = this.#state === State.SYN_SENT;
      anomalies.push(opens ? 'RST that does not acknowledge the SYN' : 'RST out of sequence');
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
      this.#refuseAck(flags, acknowledgment, anomalies);
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
    if (this.#presumed !== 0 && (flags & Flag.ACK) !== 0) {
      if (this.#presumed === 2) anomalies.push('data before established');
      this.#presumed = 0;
      if (this.#receive.known) return;
      this.#receive.begin(sequence);
      this.#receive.take(flags, sequence, 1);
      return;
    }
    if (this.#receive.known && sequence !== this.#receive.irs) {
      anomalies.push('SYN inside the connection');
      return;
    }
    if (this.#state !== State.SYN_RECEIVED || (flags & Flag.ACK) === 0) return;
    if (!this.#send.acknowledgesNew(acknowledgment)) {
      this.#refuseAck(flags, acknowledgment, anomalies);
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
    const refused = opens
      ? !this.#send.acknowledgesNew(acknowledgment)
      : this.#send.acknowledgesUnsent(acknowledgment) &&
        !(this.#mayMiss && this.#send.believe(acknowledgment));
    if (refused) {
      this.#refuseAck(flags, acknowledgment, anomalies);
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
  #refuseAck(flags: number, acknowledgment: number, anomalies: string[]): void {
    if (isOpening(this.#state)) {
      this.#hasRefused = true;
      this.#refusedAck = acknowledgment;
    }
    anomalies.push(refusedAck(flags, this.#send.acknowledgesUnsent(acknowledgment)));
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
