import { nanoseconds } from '../model/nanoseconds.ts';
import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { WiresharkDirection } from './wireshark-direction.ts';

/**
 * What Wireshark says of a packet: a bit for each of its `tcp.analysis.*` fields.
 * RETRANSMISSION stands beside FAST_ and SPURIOUS_RETRANSMISSION too, as its field does in tshark's output: alone it
 * means neither of them, which is how a retransmission timeout looks.
 * Source: Wireshark User's Guide §7.5, "TCP Analysis".
 */
export const Analysis = {
  RETRANSMISSION: 0x0001,
  FAST_RETRANSMISSION: 0x0002,
  SPURIOUS_RETRANSMISSION: 0x0004,
  OUT_OF_ORDER: 0x0008,
  DUPLICATE_ACK: 0x0010,
  KEEP_ALIVE: 0x0020,
  KEEP_ALIVE_ACK: 0x0040,
  ZERO_WINDOW: 0x0080,
  ZERO_WINDOW_PROBE: 0x0100,
  ZERO_WINDOW_PROBE_ACK: 0x0200,
  WINDOW_UPDATE: 0x0400,
  WINDOW_FULL: 0x0800,
  LOST_SEGMENT: 0x1000,
  ACK_LOST_SEGMENT: 0x2000,
  REUSED_PORTS: 0x4000,
} as const;

const SYN_FIN_RST = Flag.SYN | Flag.FIN | Flag.RST;
const SYN_FIN = Flag.SYN | Flag.FIN;

/** A retransmission this soon after the duplicate ACKs that ask for it is a fast one. */
const FAST_RETRANSMISSION_NS = 20_000_000;
/** Wireshark keeps no more than this many segments that nobody acknowledged. */
const MOST_UNACKNOWLEDGED = 10_000;

/** One octet where the next is due, into a window that is closed. */
export function isZeroWindowProbe(packet: Packet, from: WiresharkDirection, to: WiresharkDirection): boolean {
  return packet.payloadBytes === 1 && packet.sequenceNumber === from.next && to.window === 0;
}

/** What the packet's own number, length and window tell; not for a zero window probe. */
export function examineForward(packet: Packet, from: WiresharkDirection, to: WiresharkDirection): number {
  const { flags, payloadBytes, sequenceNumber, window } = packet;
  let bits = 0;
  if (from.next !== 0 && (flags & Flag.RST) === 0 && seqDistance(from.next, sequenceNumber) > 0) {
    bits |= Analysis.LOST_SEGMENT;
  }
  if ((flags & SYN_FIN_RST) !== 0) return bits;
  if (window === 0) bits |= Analysis.ZERO_WINDOW;
  if (payloadBytes <= 1 && sequenceNumber === ((from.next - 1) | 0)) bits |= Analysis.KEEP_ALIVE;
  if (payloadBytes === 0) return bits | examineRepetition(packet, from, to);
  if (to.scaleKnown && ((sequenceNumber + payloadBytes) | 0) === to.windowEdge) {
    bits |= Analysis.WINDOW_FULL;
  }
  return bits;
}

/** An empty segment that repeats the latest number and acknowledgment: what for? */
function examineRepetition(packet: Packet, from: WiresharkDirection, to: WiresharkDirection): number {
  if (packet.sequenceNumber !== from.next) return 0;
  if (packet.acknowledgmentNumber !== from.acknowledged) return 0;
  const { window } = packet;
  if (window !== from.window) return window === 0 ? 0 : Analysis.WINDOW_UPDATE;
  if (window === 0) {
    return (to.lastBits & Analysis.ZERO_WINDOW_PROBE) === 0 ? 0 : Analysis.ZERO_WINDOW_PROBE_ACK;
  }
  if ((to.lastBits & Analysis.KEEP_ALIVE) !== 0) return Analysis.KEEP_ALIVE_ACK;
  // The first duplicate after an acknowledgment of unseen octets counts from 1 again.
  from.duplicateAcks = Math.max(from.duplicateAcks, 0) + 1;
  return Analysis.DUPLICATE_ACK;
}

/** Whether the packet acknowledges what was never seen, said once for each such loss. */
export function examineAcknowledgment(packet: Packet, to: WiresharkDirection): number {
  if ((packet.flags & Flag.ACK) === 0 || to.contiguous === 0) return 0;
  if (seqDistance(to.contiguous, packet.acknowledgmentNumber) <= 0) return 0;
  if (seqDistance(to.contiguous, to.next) > 0) {
    to.contiguous = to.next;
    return Analysis.ACK_LOST_SEGMENT;
  }
  const bits = to.duplicateAcks === 0 ? Analysis.ACK_LOST_SEGMENT : 0;
  to.duplicateAcks = -1;
  return bits;
}

/**
 * Which kind of repetition a segment that takes sequence space is, if any.
 * @param outOfOrderNs how late a segment may come and still be out of order.
 */
export function examineRetransmission(
  packet: Packet,
  from: WiresharkDirection,
  to: WiresharkDirection,
  time: number,
  outOfOrderNs: number,
): number {
  const { payloadBytes, sequenceNumber } = packet;
  const end = (sequenceNumber + payloadBytes) | 0;
  if (payloadBytes > 0 && to.acknowledged !== 0 && seqDistance(to.acknowledged, end) <= 0) {
    return Analysis.SPURIOUS_RETRANSMISSION | Analysis.RETRANSMISSION;
  }
  if (from.next === 0 || seqDistance(from.next, sequenceNumber) >= 0) return 0;
  // One octet overlaps and more follow: what a zero window probe carried comes again with the rest.
  if (payloadBytes > 1 && sequenceNumber === ((from.next - 1) | 0)) return 0;
  if (
    (to.duplicateAcks >= 2 || to.duplicateAcks === -1) &&
    to.acknowledged === sequenceNumber &&
    within(time, to.acknowledgedTime, FAST_RETRANSMISSION_NS)
  ) {
    return Analysis.FAST_RETRANSMISSION | Analysis.RETRANSMISSION;
  }
  const control = (packet.flags & SYN_FIN) === 0 ? 0 : 1;
  const endsAtNext = ((end + control) | 0) === from.next;
  if (!endsAtNext && within(time, from.nextTime, outOfOrderNs)) {
    return Analysis.OUT_OF_ORDER;
  }
  return Analysis.RETRANSMISSION;
}

/** Moves the direction on by the packet. */
export function advance(
  packet: Packet,
  from: WiresharkDirection,
  to: WiresharkDirection,
  time: number,
  isProbe: boolean,
): void {
  const { flags, payloadBytes, sequenceNumber } = packet;
  const control = (flags & SYN_FIN) === 0 ? 0 : 1;
  let end = (sequenceNumber + payloadBytes) | 0;
  if (control + payloadBytes > 0) {
    if (to.hasSent) from.unacknowledged = 0;
    if (from.unacknowledged < MOST_UNACKNOWLEDGED) {
      from.unacknowledged += 1;
      end = (end + control) | 0;
    }
  }
  const ahead = seqDistance(from.next, end);
  if (!isProbe) {
    if (from.next === 0 || ahead > 0) {
      from.next = end;
      from.nextTime = time;
    }
    if (from.contiguous === 0 || sequenceNumber === from.contiguous) from.contiguous = from.next;
  }
  from.window = packet.window;
  from.acknowledged = packet.acknowledgmentNumber;
  from.acknowledgedTime = time;
}

/** Compared as Wireshark does, unsigned: where clocks go back, a negative span is longer than any other. */
function within(time: number, since: number, limitNs: number): boolean {
  const elapsedNs = nanoseconds(time - since);
  return elapsedNs < 0 === limitNs < 0 ? elapsedNs < limitNs : limitNs < 0;
}
