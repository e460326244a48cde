/** What an endpoint's own segments do to it. */
import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import { judgeData, segmentAfterReset } from './endpoint-anomalies.ts';
import { controlOctets, isOpening, type TrackedEndpoint } from './tracked-endpoint.ts';
import { Event, State } from './transition-codes.ts';

/**
 * Takes a segment that the endpoint sent: numbers, those of sequence as signed 32 bits.
 * @param anomalies what the table does not allow is added here
 * @returns whether all its sequence space had been sent before
 */
export function sendSegment(
  end: TrackedEndpoint,
  flags: number,
  sequence: number,
  acknowledgment: number,
  payloadBytes: number,
  anomalies: string[],
): boolean {
  if ((flags & Flag.RST) !== 0) {
    sendReset(end, flags, sequence, anomalies);
    return false;
  }
  if (end.hasSentReset) anomalies.push(segmentAfterReset(flags, payloadBytes));
  if ((flags & Flag.ACK) !== 0 && end.receive.known) {
    const takesFin = end.receive.acknowledge(flags, acknowledgment, end.mayMiss);
    if (takesFin) end.apply(Event.RECV_FIN, anomalies);
  }
  if (end.stateCode === State.SYN_SENT && end.mayMiss) presumeSynAck(end, flags, payloadBytes);
  const send = end.send;
  const isLateSyn = !send.known && hasSentSynUnseen(end, flags);
  if (!send.known || (flags & Flag.SYN) !== 0) send.begin(flags, sequence);
  const length = payloadBytes + controlOctets(flags);
  if (length === 0) {
    send.advance(seqDistance(send.nxt, sequence));
    return false;
  }
  const next = (sequence + length) | 0;
  const advance = seqDistance(send.nxt, next);
  if (advance <= 0) {
    if (!send.bringsUnseen(sequence, next)) return true;
    anomalies.push('acknowledgement of octets that were seen only later');
  }
  if (payloadBytes > 0 && end.stateCode !== State.ESTABLISHED) {
    judgeData(end.stateCode, flags, end.wasOpen, send.hasSentFin, anomalies);
  }
  send.advance(advance);
  // A SYN that was captured behind its answer has been sent for long.
  if ((flags & (Flag.SYN | Flag.FIN)) !== 0 && !isLateSyn) sendControl(end, flags, next, anomalies);
  return false;
}

/** A RST's sequence number may be a copy of the other end's acknowledgement; it opens no sequence space. */
function sendReset(end: TrackedEndpoint, flags: number, sequence: number, anomalies: string[]): void {
  if ((flags & Flag.SYN) !== 0) anomalies.push('SYN with RST');
  // §3.10.7.2 to .4: <SEQ=SEG.ACK><CTL=RST> answers an unacceptable ACK, and this end stays where it is.
  const answers = (flags & Flag.ACK) === 0 && end.hasRefused && sequence === end.refusedAck;
  if (answers && isOpening(end.stateCode)) return;
  end.apply(Event.SEND_RST, anomalies);
  end.hasSentReset = true;
}

/** A SYN or FIN that was not sent before. */
function sendControl(end: TrackedEndpoint, flags: number, next: number, anomalies: string[]): void {
  if ((flags & Flag.SYN) !== 0) {
    end.apply((flags & Flag.ACK) === 0 ? Event.SEND_SYN : Event.SEND_SYN_ACK, anomalies);
  }
  if ((flags & Flag.FIN) === 0) return;
  if (!end.send.noteFin(next)) {
    anomalies.push('another FIN behind the first');
    return;
  }
  end.apply(Event.SEND_FIN, anomalies);
  if (end.send.takeEarlyAckOfFin()) end.apply(Event.RECV_ACK_OF_FIN, anomalies);
}

/** Whether a SYN that is the first segment seen of this end must have been sent before, by where this end is. */
function hasSentSynUnseen(end: TrackedEndpoint, flags: number): boolean {
  return end.stateCode === State.SYN_SENT || (end.stateCode > State.SYN_RECEIVED && (flags & Flag.ACK) !== 0);
}

/** Who acknowledges from SYN-SENT has had a SYN,ACK. Should that come yet, it was wrong to send data. */
function presumeSynAck(end: TrackedEndpoint, flags: number, payloadBytes: number): void {
  if ((flags & Flag.ACK) === 0 || (flags & Flag.SYN) !== 0) return;
  end.stateCode = State.ESTABLISHED;
  end.presumed = payloadBytes > 0 ? 2 : 1;
}
