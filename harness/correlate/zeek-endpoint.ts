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

/** Kinds of segment whose first sight is a letter in the history: bits of {@link ZeekEndpoint.seen}. */
export const Seen = { SYN: 1, FIN: 2, RST: 4, FIN_RST: 8, DATA: 16, ACK: 32, MIXED: 64 } as const;

/**
 * Sequence numbers are relative to {@link startSequence}, as Zeek's are: a SYN is 0, the first octet of data 1, and
 * they do not wrap (an end joined halfway is numbered as if a SYN had come before its first octet).
 */
export class ZeekEndpoint {
  state: number = ZeekState.INACTIVE;
  previousState: number = ZeekState.INACTIVE;
  /** Signed 32 bits: the (imagined) SYN's. */
  startSequence = 0;
  /** One past the highest octet sent. */
  last = 0;
  /** The highest acknowledgment number that the peer sent. */
  acknowledged = 0;
  finCount = 0;
  /** One past the FIN. */
  finEnd = 0;
  seen = 0;
  lastSynAt = 0;
  lastFinAt = 0;
  lastRstAt = 0;
  badChecksums = 0;
  retransmissions = 0;
  zeroWindows = 0;
  gaps = 0;
  packets = 0;
  ipBytes = 0;
  /** 1 once its close has been noticed, and all its data come. */
  didClose = 0;

  /** Everything below has been delivered, or given up. */
  delivered = 1;
  /** Everything below has been acknowledged and let go. */
  trimmed = 1;
  reachedEnd = 0;
  /** 1 once too much is outstanding: no gap is reported from then on. */
  gaveUp = 0;
  /** What the last acknowledgment skipped: holes, and octets in them. Read and cleared by the connection. */
  skippedHoles = 0;
  skippedBytes = 0;
  /** Data that came ahead of a hole: ascending, disjoint `start, end` pairs. Made when the first such comes. */
  ahead: number[] | undefined = undefined;

  reset(): void {
    this.state = ZeekState.INACTIVE;
    this.previousState = ZeekState.INACTIVE;
    this.startSequence = 0;
    this.last = 0;
    this.acknowledged = 0;
    this.finCount = 0;
    this.finEnd = 0;
    this.seen = 0;
    this.lastSynAt = 0;
    this.lastFinAt = 0;
    this.lastRstAt = 0;
    this.badChecksums = 0;
    this.retransmissions = 0;
    this.zeroWindows = 0;
    this.gaps = 0;
    this.packets = 0;
    this.ipBytes = 0;
    this.didClose = 0;
    this.delivered = 1;
    this.trimmed = 1;
    this.reachedEnd = 0;
    this.gaveUp = 0;
    this.skippedHoles = 0;
    this.skippedBytes = 0;
    this.ahead = undefined;
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
    return this.finCount > 0 ? Math.max(0, withoutSyn - 1) : withoutSyn;
  }
}
