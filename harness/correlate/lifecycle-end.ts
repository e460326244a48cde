import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { TrackedFields } from './endpoint-tracker.ts';
import type { PredictedEnd } from './predicted-connection.ts';
import { DOUBLE } from './representation.ts';

/** Not yet, in fields that hold the ordinal of a packet. */
export const NEVER: number = -1;
/** Not yet, in fields that hold a time in ns since the capture's first packet: clocks go back, so -1 is one. */
export const NEVER_NS: number = Number.NEGATIVE_INFINITY;

/** What one end did to open and close. */
export class End {
  packets: number = 0;
  bytes: number = 0;
  syns: number = 0;
  synAcks: number = 0;
  /** Number of its first SYN. */
  iss: number = 0;
  synAtNs: number = DOUBLE;
  /** First FIN: when, with which packet, and the number that acknowledges it. */
  finAtNs: number = DOUBLE;
  finPacket: number = NEVER;
  finEnd = 0;
  /** The first acknowledgement of that FIN, by the other end. */
  finAckAtNs: number = DOUBLE;
  finAckPacket: number = NEVER;
  /** Its first RST. One that was refused counts for as long as nothing else follows from this end. */
  rstPacket: number = NEVER;
  refusedRstPacket: number = NEVER;
  rsts: number = 0;
  /** The segment that it sent again last, how often in a row, and the other end's packets before that row. */
  againSequence: number = 0;
  times: number = 0;
  unheardPackets: number = 0;
  /** The highest acknowledgment that it sent. */
  hasAcknowledged: boolean = false;
  acknowledged: number = 0;

  constructor() {
    this.reset();
  }

  /** Goes on from what was predicted. @param hasAcknowledged whether it sent more than a SYN without ACK */
  adopt(end: PredictedEnd, hasAcknowledged: boolean): void {
    this.reset();
    if (end.packets === 0) return;
    this.packets = end.packets;
    this.bytes = end.bytes;
    this.iss = end.iss;
    this.synAtNs = end.synNs;
    this.hasAcknowledged = hasAcknowledged;
    this.acknowledged = end.acknowledged;
    if (!end.hasSentFin) return;
    this.finAtNs = end.finNs;
    this.finPacket = end.finPacket;
    this.finEnd = end.nxt;
    if (!end.isFinTaken) return;
    this.finAckAtNs = end.finAckNs;
    this.finAckPacket = end.finAckPacket;
  }

  reset(): void {
    this.packets = 0;
    this.bytes = 0;
    this.syns = 0;
    this.synAcks = 0;
    this.iss = 0;
    this.synAtNs = NEVER_NS;
    this.finAtNs = NEVER_NS;
    this.finPacket = NEVER;
    this.finEnd = 0;
    this.finAckAtNs = NEVER_NS;
    this.finAckPacket = NEVER;
    this.rstPacket = NEVER;
    this.refusedRstPacket = NEVER;
    this.rsts = 0;
    this.times = 0;
    this.hasAcknowledged = false;
  }

  /** The RST that ended its part, if one did. */
  get endingRst(): number {
    return this.rstPacket === NEVER ? this.refusedRstPacket : this.rstPacket;
  }

  /** Whether it sent more than SYNs and RSTs: so it had an answer to its SYN, captured or not. */
  get wentOn(): boolean {
    return this.packets > this.syns + this.synAcks + this.rsts;
  }

  /**
   * Notes whether a segment of this end goes on or repeats: new octets, or the acknowledgement of more, show that it was
   * answered, even where the capture has only this direction.
   * @param isNew whether it takes no sequence space that had been taken before
   * @param heard packets of the other end so far
   */
  noteProgress(fields: TrackedFields, isNew: boolean, heard: number): void {
    const { flags, payloadBytes } = fields;
    const acknowledges = (flags & Flag.ACK) !== 0 && (flags & Flag.RST) === 0;
    const acknowledgment = fields.acknowledgmentNumber | 0;
    const advances =
      acknowledges && this.hasAcknowledged && seqDistance(this.acknowledged, acknowledgment) > 0;
    if (acknowledges && (advances || !this.hasAcknowledged)) {
      this.hasAcknowledged = true;
      this.acknowledged = acknowledgment;
    }
    if (!isNew) this.noteAgain(fields.sequenceNumber | 0, heard);
    else if (advances || payloadBytes > 0 || (flags & (Flag.SYN | Flag.FIN)) !== 0) this.times = 0;
  }

  /** Whether its last segment was sent so often, and nothing came back from an end that the capture shows at all. */
  isUnansweredBy(other: End, times: number): boolean {
    return this.times >= times && other.packets > 0 && this.unheardPackets === other.packets;
  }

  /** Notes that a segment of this end was sent again. @param heard packets of the other end so far */
  noteAgain(sequence: number, heard: number): void {
    if (this.times === 0 || sequence !== this.againSequence || heard !== this.unheardPackets) {
      this.times = 0;
      this.againSequence = sequence;
      this.unheardPackets = heard;
    }
    this.times++;
  }
}
