import type { Segment } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import { receiveSegment } from './endpoint-receiving.ts';
import { sendSegment } from './endpoint-sending.ts';
import { TrackedEndpoint } from './tracked-endpoint.ts';

/** The parts of a segment that the tracker reads. */
export type TrackedFields = Pick<
  Segment,
  'flags' | 'sequenceNumber' | 'acknowledgmentNumber' | 'payloadBytes'
>;

/** What is followed of a segment, and the ordinal of its frame in the capture. */
export type FollowedFields = TrackedFields & { readonly frame: number };

/**
 * Follows one endpoint through RFC 9293's states by the segments it sends and receives. Deterministic, with no
 * clock; what the RFC drops, or the table has no cell for, leaves the state as it was and, unless it is a mere copy
 * of something earlier, becomes an anomaly, in words. The receive window is not followed.
 *
 * Where the capture may miss what crossed, an acknowledgement of more than was seen is believed: it is proof that the
 * octets crossed. So is an ACK from SYN-SENT: it answers a SYN,ACK that was not captured.
 */
export class EndpointTracker extends TrackedEndpoint {
  /** Distance of `number` from this end's initial sequence number; as it is while nothing was sent. */
  relative(number: number): number {
    const send = this.send;
    return send.known ? send.octets + seqDistance(send.nxt, number) : number;
  }

  /**
   * @param anomalies what the table does not allow is added here: nothing is made for a segment that it allows
   * @returns whether all its sequence space had been sent before
   */
  trackSent(segment: TrackedFields, anomalies: string[]): boolean {
    const { flags, sequenceNumber, acknowledgmentNumber, payloadBytes } = segment;
    return sendSegment(this, flags, sequenceNumber | 0, acknowledgmentNumber | 0, payloadBytes, anomalies);
  }

  /** @param anomalies what the table does not allow is added here */
  trackReceived(segment: TrackedFields, anomalies: string[]): void {
    const { flags, sequenceNumber, acknowledgmentNumber, payloadBytes } = segment;
    receiveSegment(this, flags, sequenceNumber | 0, acknowledgmentNumber | 0, payloadBytes, anomalies);
  }
}
