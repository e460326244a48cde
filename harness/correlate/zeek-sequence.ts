/** Sequence numbers as Zeek believes them. Source: Zeek, src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc. */
import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { ZeekState, type ZeekEndpoint } from './zeek-endpoint.ts';

const { INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, RESET } = ZeekState;

/** A SYN's or RST's sequence number farther off than this is not believed, nor is an ACK of 0. */
const MAX_JUMP = 1_048_576;

/**
 * Starts an end's sequence numbers, or starts them anew at a SYN that it sends later.
 * @param length octets of sequence space that the segment takes.
 */
export function numberSequences(sender: ZeekEndpoint, packet: Packet, length: number): void {
  const { state } = sender;
  if ((packet.flags & Flag.SYN) === 0) {
    // As if a SYN had come before; and the first packet is no retransmission.
    if (state === INACTIVE) sender.startAt(packet.sequenceNumber - 1, 1);
    return;
  }
  const isAttempt = state === SYN_SENT || state === SYN_ACK_SENT;
  const restarts =
    state === INACTIVE ||
    state === ESTABLISHED ||
    state === PARTIAL ||
    (isAttempt && packet.sequenceNumber !== sender.startSequence) ||
    (state === RESET && sender.previousState === INACTIVE);
  if (restarts) sender.startAt(packet.sequenceNumber, length);
}

/** The relative sequence number up to which the packet acknowledges its peer's octets; 0 when it makes no sense. */
export function noteAcknowledgment(peer: ZeekEndpoint, { flags, acknowledgmentNumber }: Packet): number {
  if (peer.state === INACTIVE) {
    peer.startAt(acknowledgmentNumber - 1, 0);
    return 1;
  }
  const acknowledged = peer.relativeAcknowledgment(acknowledgmentNumber);
  if (acknowledged < 0) return 0;
  const advance = acknowledged - peer.acknowledged;
  const isBroken = acknowledgmentNumber === 0 && advance > MAX_JUMP;
  // A RST's acknowledgment number is not trusted.
  if ((flags & Flag.RST) === 0 && advance > 0 && !isBroken) peer.acknowledged = acknowledged;
  return acknowledged;
}

/** Moves the highest sequence number seen to a segment's end. True when the segment brings old payload only. */
export function isRetransmission(
  sender: ZeekEndpoint,
  { flags, payloadBytes }: Packet,
  end: number,
): boolean {
  const advance = end - sender.last;
  const isSynOrReset = (flags & (Flag.SYN | Flag.RST)) !== 0;
  if (isSynOrReset && Math.abs(advance) > MAX_JUMP) return false;
  if ((flags & Flag.FIN) !== 0 && sender.last === 1) {
    // Only the SYN and the FIN were seen, of what may be more than 2 GB.
    sender.last = end >>> 0;
    return false;
  }
  if (sender.state === RESET) return false;
  if (advance > 0) sender.last = end;
  return advance <= 0 && payloadBytes > 0;
}
