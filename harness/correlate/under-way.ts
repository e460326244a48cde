import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { FollowedFields } from './endpoint-tracker.ts';
import type { PredictedEnd } from './predicted-connection.ts';

/** A SYN or FIN of which nothing tells yet that its receiver has it. */
export interface UnderWay {
  /** 0 when there is none. */
  flags: number;
  sequenceNumber: number;
  acknowledgmentNumber: number;
  payloadBytes: number;
  frame: number;
  /** The number that acknowledges it. */
  end: number;
}

export function nothingUnderWay(): UnderWay {
  return {
    flags: 0,
    sequenceNumber: 0,
    acknowledgmentNumber: 0,
    payloadBytes: 0,
    frame: 0,
    end: 0,
  };
}

/** Puts a SYN or FIN under way. */
export function depart(
  slot: UnderWay,
  fields: FollowedFields,
  sequence: number,
  acknowledgment: number,
): void {
  const { flags, payloadBytes, frame } = fields;
  slot.flags = flags;
  slot.sequenceNumber = sequence;
  slot.acknowledgmentNumber = acknowledgment;
  slot.payloadBytes = payloadBytes;
  slot.frame = frame;
  // A SYN's data need not be taken with it (RFC 7413 §4.2.2).
  slot.end = (sequence + ((flags & Flag.SYN) === 0 ? payloadBytes + 1 : 1)) | 0;
}

/** As {@link depart}, of what was predicted. */
export function departAgain(slot: UnderWay, end: PredictedEnd): void {
  slot.flags = end.controlFlags;
  slot.sequenceNumber = end.controlSequence;
  slot.acknowledgmentNumber = end.controlAcknowledgment;
  slot.payloadBytes = seqDistance(end.controlSequence, end.nxt) - 1;
  slot.frame = end.controlFrame;
  slot.end = end.nxt;
}

/** Whether a segment is what is under way, sent again: a FIN also with less of the data before it, or with more. */
export function isCopyOf(slot: UnderWay, flags: number, sequence: number, payloadBytes: number): boolean {
  if (slot.flags === 0) return false;
  if ((slot.flags & Flag.SYN) !== 0) return slot.flags === flags && slot.sequenceNumber === sequence;
  const differs = (flags ^ slot.flags) & (Flag.FIN | Flag.SYN | Flag.RST | Flag.ACK);
  return differs === 0 && ((sequence + payloadBytes + 1) | 0) === slot.end;
}
