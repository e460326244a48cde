import type { PredictedEnd } from './predicted-connection.ts';
import { DOUBLE } from './representation.ts';

/** Not yet, in fields that hold a time in ns since the capture's first packet or the ordinal of a packet. */
export const NEVER: number = -1;

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

  constructor() {
    this.reset();
  }

  /** Goes on from what was predicted. */
  adopt(end: PredictedEnd): void {
    this.reset();
    if (end.packets === 0) return;
    this.packets = end.packets;
    this.bytes = end.bytes;
    this.iss = end.iss;
    this.synAtNs = end.synNs;
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
    this.synAtNs = NEVER;
    this.finAtNs = NEVER;
    this.finPacket = NEVER;
    this.finEnd = 0;
    this.finAckAtNs = NEVER;
    this.finAckPacket = NEVER;
    this.rstPacket = NEVER;
    this.refusedRstPacket = NEVER;
    this.rsts = 0;
    this.times = 0;
  }

  /** The RST that ended its part, if one did. */
  get endingRst(): number {
    return this.rstPacket === NEVER ? this.refusedRstPacket : this.rstPacket;
  }

  /** Whether it sent more than SYNs and RSTs: so it had an answer to its SYN, captured or not. */
  get wentOn(): boolean {
    return this.packets > this.syns + this.synAcks + this.rsts;
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
