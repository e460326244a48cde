import { Flag } from '../model/segment.ts';
import type { TcpEvent, TcpState } from '../model/tcp-state.ts';
import { refusedAck } from './endpoint-anomalies.ts';
import type { PredictedEnd } from './predicted-connection.ts';
import { ReceiveSpace } from './receive-space.ts';
import { SendSpace } from './send-space.ts';
import { codeOf, describeMissing, eventOf, nextState, State, stateOf } from './transition-codes.ts';

/** An event that an end met, and where the table led it. */
type EventListener = (from: TcpState, event: TcpEvent, to: TcpState) => void;

/**
 * Where an endpoint stands: its state in the table, and what it sent and received. Sending and receiving are next door:
 * `sendSegment` and `receiveSegment`. Numbers only: it is used again after {@link reset}, and a segment that the table
 * allows makes nothing.
 */
export class TrackedEndpoint {
  /** A place in {@link State}. */
  stateCode: number;
  hasSentReset = false;
  /** The unacceptable ACK received last while opening. */
  refusedAck = 0;
  hasRefused = false;
  /** ESTABLISHED on the word of an own ACK, 1; with data behind it, 2. */
  presumed = 0;
  /** It is CLOSED again. */
  wasOpen = false;
  readonly mayMiss: boolean;
  readonly #onEvent: EventListener | undefined;
  readonly send: SendSpace = new SendSpace();
  readonly receive: ReceiveSpace = new ReceiveSpace();

  /**
   * @param start the state before the first segment: `CLOSED` for who opens actively, `LISTEN` for who waits
   * @param mayMiss whether segments may have crossed that the capture does not have
   * @param onEvent told of every event that the table has a cell for
   */
  constructor(start: TcpState, mayMiss = false, onEvent?: EventListener) {
    this.stateCode = codeOf(start);
    this.mayMiss = mayMiss;
    this.#onEvent = onEvent;
  }

  /** Forgets everything. */
  reset(start: TcpState): void {
    this.stateCode = codeOf(start);
    this.hasSentReset = false;
    this.hasRefused = false;
    this.presumed = 0;
    this.wasOpen = false;
    this.send.forget();
    this.receive.forget();
  }

  /**
   * Goes on from what was predicted.
   * @param peer undefined while nothing of it has arrived here
   */
  adopt(state: TcpState, own: PredictedEnd, peer: PredictedEnd | undefined): void {
    this.reset(state);
    this.wasOpen = state === 'CLOSED';
    this.send.adopt(own);
    if (peer !== undefined) this.receive.adopt(own, peer);
  }

  get state(): TcpState {
    return stateOf(this.stateCode);
  }

  /** Octets of data sent and not acknowledged. */
  get unacknowledgedData(): number {
    return this.send.unacknowledgedData;
  }

  /** Whether a number is that of the next octet that this end would send. */
  isAt(sequence: number): boolean {
    return this.send.known && this.send.nxt === sequence;
  }

  /**
   * Whether this end would not believe a RST with these fields: in SYN-SENT one that does not acknowledge the SYN
   * (§3.10.7.3), later one that is not of the next octet expected (RFC 5961 §3.2, as Linux has it).
   */
  refusesReset(flags: number, sequence: number, acknowledgment: number): boolean {
    if (this.stateCode === State.LISTEN || this.stateCode === State.CLOSED) return false;
    if (this.stateCode === State.SYN_SENT) {
      return (flags & Flag.ACK) === 0 || !this.send.acknowledgesNew(acknowledgment);
    }
    return this.receive.known && !this.receive.acceptsReset(sequence);
  }

  /** Goes where the table says; a missing cell is an anomaly. */
  apply(event: number, anomalies: string[]): void {
    const next = nextState(this.stateCode, event);
    if (next === -1) {
      anomalies.push(describeMissing(this.stateCode, event));
      return;
    }
    this.#onEvent?.(stateOf(this.stateCode), eventOf(event), stateOf(next));
    if (next === State.CLOSED && this.stateCode !== State.CLOSED) this.wasOpen = true;
    this.stateCode = next;
  }

  /** §3.10.7.4: dropped, and answered by an ACK once established, by a RST before. */
  refuseAck(flags: number, acknowledgment: number, anomalies: string[]): void {
    if (isOpening(this.stateCode)) {
      this.hasRefused = true;
      this.refusedAck = acknowledgment;
    }
    anomalies.push(refusedAck(flags, this.send.acknowledgesUnsent(acknowledgment)));
  }
}

/** States in which no connection exists yet: an unacceptable ACK is answered by a RST that ends nothing. */
export function isOpening(state: number): boolean {
  return state === State.LISTEN || state === State.SYN_SENT || state === State.SYN_RECEIVED;
}

/** Octets of sequence space that SYN and FIN take. */
export function controlOctets(flags: number): number {
  return ((flags & Flag.SYN) === 0 ? 0 : 1) + ((flags & Flag.FIN) === 0 ? 0 : 1);
}
