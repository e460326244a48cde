import type { PredictedEnd } from './predicted-connection.ts';

/**
 * One end of a connection as Zeek follows it. Zeek's states are not RFC 9293's: they say what an end has *sent*.
 * Source: Zeek, src/analyzer/protocol/tcp/TCP_Endpoint.h.
 */
export const ZeekState = {
  /** Nothing sent yet. */
  INACTIVE: 0,
  SYN_SENT: 1,
  /** A SYN,ACK sent by the originator: its peer's SYN was not seen. */
  SYN_ACK_SENT: 2,
  /** Joined halfway: something sent, but no SYN. */
  PARTIAL: 3,
  ESTABLISHED: 4,
  /** A FIN sent. */
  CLOSED: 5,
  /** A RST sent. */
  RESET: 6,
} as const;

/** Bits of {@link ZeekEndpoint.marks}: the kinds of segment that are in the history, and what has become of the end. */
export const Mark = {
  SYN: 0x001,
  FIN: 0x002,
  RST: 0x004,
  FIN_WITH_RST: 0x008,
  DATA: 0x010,
  ACK: 0x020,
  SYN_WITH_FIN_OR_RST: 0x040,
  /** A FIN has come, alone or not. */
  HAS_FIN: 0x080,
  /** Its close has been noticed, and all its data have come. */
  CLOSE_DONE: 0x100,
  /** All its data have come. */
  AT_END: 0x200,
  /** Too much is outstanding: no gap is reported from now on. */
  GAVE_UP: 0x400,
} as const;

/** What is written at its first, tenth, hundredth, … time: indices of {@link ZeekEndpoint.troubles}. */
export const Trouble = { BAD_CHECKSUM: 0, RETRANSMISSION: 1, ZERO_WINDOW: 2, GAP: 3 } as const;
const TROUBLE_KINDS = 4;

/**
 * Sequence numbers are relative to {@link startSequence}, as Zeek's are: a SYN is 0, the first octet of data 1, and
 * they do not wrap (an end joined halfway is numbered as if a SYN had come before its first octet).
 * There are two of these a connection, so what most never need is made when it is needed.
 */
export class ZeekEndpoint {
  state: number = ZeekState.INACTIVE;
  previousState: number = ZeekState.INACTIVE;
  marks = 0;
  /** Signed 32 bits: the (imagined) SYN's. */
  startSequence = 0;
  /** One past the highest octet sent. */
  last = 0;
  /** The highest acknowledgment number that the peer sent. */
  acknowledged = 0;
  /** Everything below has been delivered, or given up. */
  delivered = 1;
  /** Everything below has been acknowledged and let go. */
  trimmed = 1;
  packets = 0;
  ipBytes = 0;
  lastSynAt = 0;
  lastFinAt = 0;
  lastRstAt = 0;
  /** One past the FIN. */
  finEnd = 0;
  /** Data that came ahead of a hole: ascending, disjoint `start, end` pairs. */
  ahead: number[] | undefined = undefined;
  troubles: Uint32Array | undefined = undefined;

  reset(): void {
    this.state = ZeekState.INACTIVE;
    this.previousState = ZeekState.INACTIVE;
    this.marks = 0;
    this.startSequence = 0;
    this.last = 0;
    this.acknowledged = 0;
    this.delivered = 1;
    this.trimmed = 1;
    this.packets = 0;
    this.ipBytes = 0;
    this.lastSynAt = 0;
    this.lastFinAt = 0;
    this.lastRstAt = 0;
    this.finEnd = 0;
    this.ahead = undefined;
    this.troubles = undefined;
  }

  /**
   * Goes on from what was predicted.
   * @param peer the other end
   * @param isAnswered whether that has acknowledged the SYN
   */
  adopt(end: PredictedEnd, peer: PredictedEnd, isAnswered: boolean): void {
    this.reset();
    if (end.packets === 0) return;
    const { hasSentFin } = end;
    const opened = peer.packets > 0 ? ZeekState.ESTABLISHED : ZeekState.SYN_SENT;
    this.state = hasSentFin ? ZeekState.CLOSED : opened;
    this.previousState = hasSentFin ? ZeekState.ESTABLISHED : ZeekState.INACTIVE;
    this.marks =
      Mark.SYN |
      (end.hasSentAck ? Mark.ACK : 0) |
      (end.hasSentData ? Mark.DATA : 0) |
      (hasSentFin ? Mark.FIN | Mark.HAS_FIN | Mark.CLOSE_DONE | Mark.AT_END : 0);
    this.startSequence = end.iss;
    this.delivered = 1 + end.bytes;
    this.last = this.delivered + (hasSentFin ? 1 : 0);
    if (isAnswered) {
      this.acknowledged = this.last - ((end.nxt - peer.acknowledged) | 0);
      this.trimmed = Math.min(this.acknowledged, this.delivered);
    }
    this.packets = end.packets;
    this.ipBytes = end.ipBytes;
    this.lastFinAt = hasSentFin ? this.delivered : 0;
    this.finEnd = hasSentFin ? this.last : 0;
  }

  is(mark: number): boolean {
    return (this.marks & mark) !== 0;
  }

  /** Counts one more of a kind of {@link Trouble}. Returns how many there have been. */
  count(trouble: number): number {
    this.troubles ??= new Uint32Array(TROUBLE_KINDS);
    const count = (this.troubles[trouble] ?? 0) + 1;
    this.troubles[trouble] = count;
    return count;
  }

  enter(state: number): void {
    if (state === this.state) return;
    this.previousState = this.state;
    this.state = state;
  }

  /** Numbers this end anew from a SYN's sequence number. */
  startAt(sequenceNumber: number, last: number): void {
    this.startSequence = sequenceNumber | 0;
    this.acknowledged = 0;
    this.last = last;
  }

  /** Where a sequence number lies, as near to the highest sent as 32 bits tell; below 0: before the start. */
  relative(sequenceNumber: number): number {
    return this.last + ((sequenceNumber - (this.startSequence + this.last)) | 0);
  }

  /** As {@link relative}, but near to the highest acknowledged. */
  relativeAcknowledgment(acknowledgmentNumber: number): number {
    return this.acknowledged + ((acknowledgmentNumber - (this.startSequence + this.acknowledged)) | 0);
  }

  get isClean(): boolean {
    return (
      this.state === ZeekState.ESTABLISHED ||
      (this.state === ZeekState.CLOSED && this.previousState === ZeekState.ESTABLISHED)
    );
  }

  /** True while no more than the SYN has been acknowledged. */
  get hasNoDataAcknowledged(): boolean {
    return this.acknowledged <= 1;
  }

  /** Data seen and not yet acknowledged, ahead of a hole or not. */
  get holdsData(): boolean {
    return this.delivered > this.trimmed || this.ahead !== undefined;
  }

  /** Octets of payload sent, by sequence numbers. */
  size(peer: ZeekEndpoint): number {
    const abortedHalfOpen =
      this.previousState === ZeekState.SYN_SENT &&
      this.state === ZeekState.RESET &&
      peer.state === ZeekState.INACTIVE &&
      !this.hasNoDataAcknowledged;
    if (abortedHalfOpen) return 0;
    const sequenceSpace = Math.max(this.last, this.acknowledged);
    const withoutSyn = Math.max(0, sequenceSpace - 1);
    return this.is(Mark.HAS_FIN) ? Math.max(0, withoutSyn - 1) : withoutSyn;
  }
}
