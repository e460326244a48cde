/** What EndpointTracker calls a segment that the table does not allow. {@link namesOf} has others' names for it. */
import { Flag } from '../model/segment.ts';
import { State } from './transition-codes.ts';

/** @param state of its sender, which is not ESTABLISHED */
export function judgeData(
  state: number,
  flags: number,
  wasOpen: boolean,
  hasSentFin: boolean,
  anomalies: string[],
): void {
  // Data on a SYN is TCP Fast Open (RFC 7413), data from SYN-RECEIVED is allowed to be sent (§3.10.2).
  if (state === State.CLOSE_WAIT || (flags & Flag.SYN) !== 0 || state === State.SYN_RECEIVED) return;
  if (state === State.CLOSED && wasOpen) {
    // After a RST: its own is told apart, and the other end's it need not have had yet.
    if (hasSentFin) anomalies.push('data after its own FIN');
    return;
  }
  const opening = state === State.SYN_SENT || state === State.LISTEN || state === State.CLOSED;
  anomalies.push(opening ? 'data before established' : 'data after its own FIN');
}

/** Of an acknowledgement that its receiver does not take (§3.10.7.3, §3.10.7.4). */
export function refusedAck(flags: number, isOfUnsent: boolean): string {
  if ((flags & Flag.SYN) !== 0) return 'SYN,ACK that does not acknowledge the SYN';
  return isOfUnsent ? 'acknowledgement of octets never sent' : 'acknowledgement of nothing that was sent';
}

export function segmentAfterReset(flags: number, payloadBytes: number): string {
  if ((flags & Flag.SYN) !== 0) return 'SYN after its own RST';
  if ((flags & Flag.FIN) !== 0) return 'FIN after its own RST';
  return payloadBytes > 0 ? 'data after its own RST' : 'segment after its own RST';
}
