import { nanoseconds } from '../model/nanoseconds.ts';
import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import type { PredictedConnection } from './predicted-connection.ts';
import { SCALE_UNKNOWN, SCALE_UNUSED, WiresharkDirection } from './wireshark-direction.ts';
import {
  Analysis,
  advance,
  examineAcknowledgment,
  examineForward,
  examineRetransmission,
  isZeroWindowProbe,
} from './wireshark-rules.ts';
import { DOUBLE } from './representation.ts';
import { MOST_WINDOW_SHIFT } from '../prediction/limits.ts';

export { Analysis };

/** The bits of Wireshark's `tcp.completeness`. */
export const Completeness = { SYN: 1, SYN_ACK: 2, ACK: 4, DATA: 8, FIN: 16, RST: 32 } as const;

const SYN_ACK = Flag.SYN | Flag.ACK;
const SYN_FIN = Flag.SYN | Flag.FIN;

/** Out of order means: this soon after the highest octet, where no handshake gave a round trip. */
const DEFAULT_ROUND_TRIP_NS = 3_000_000;

/**
 * The verdicts of Wireshark's TCP dissector on one stream, packet by packet, as two passes of tshark 4.0 print them.
 * Numbers only: an instance costs no allocation per packet, and `reset()` makes it fit for the next connection.
 * Where Wireshark differs from the RFCs, this follows Wireshark: see `LossAndDelay` for figures that do not.
 */
export class WiresharkStream {
  readonly #first = new WiresharkDirection();
  readonly #second = new WiresharkDirection();
  #packets = 0;
  /** 1 when the stream was opened by a SYN on ports that an earlier stream had. */
  #restarted = 0;
  #completeness = 0;
  /** What the first packet adds: Wireshark counts it only when it passes it for the second time. */
  #completenessOfFirst = 0;
  #synSeen = 0;
  /** Of the latest SYN, seconds. */
  #synTime = DOUBLE;
  /** From the latest SYN to the first ACK; 0 until known. */
  #roundTripNs = DOUBLE;

  constructor() {
    this.reset();
  }

  /** Forgets everything: the next packet is a stream's first. */
  reset(): void {
    this.#first.reset();
    this.#second.reset();
    this.#packets = 0;
    this.#restarted = 0;
    this.#completeness = 0;
    this.#completenessOfFirst = 0;
    this.#synSeen = 0;
    this.#synTime = 0;
    this.#roundTripNs = 0;
  }

  /** As {@link reset}, after {@link startsAnother} said so: the next packet, a SYN, reuses the ports. */
  restart(): void {
    this.reset();
    this.#restarted = 1;
    this.#completeness = Completeness.SYN;
  }

  /** Goes on from what was predicted. */
  adopt(connection: PredictedConnection): void {
    const { stage, isReused, client, server, firstNs, handshakeNs } = connection;
    const answered = stage > 1;
    // RFC 7323 §2.2: both SYNs carry the option, or nobody scales; a client's without it settles that.
    const scales = client.windowScale >= 0 && (!answered || server.windowScale >= 0);
    const shiftOf = (scale: number): number => (scales ? Math.min(scale, MOST_WINDOW_SHIFT) : SCALE_UNUSED);
    this.#first.adopt(client, false, shiftOf(client.windowScale));
    const awaitsScale = scales && !answered;
    this.#second.adopt(server, true, awaitsScale ? SCALE_UNKNOWN : shiftOf(server.windowScale));
    if (isReused) this.#first.tally(Analysis.REUSED_PORTS);
    this.#packets = connection.packets;
    this.#restarted = isReused ? 1 : 0;
    this.#completenessOfFirst = 0;
    this.#completeness =
      Completeness.SYN |
      (answered ? Completeness.SYN_ACK : 0) |
      // The handshake's last segment is a pure ACK.
      (stage === 3 ? Completeness.ACK : 0) |
      (client.bytes > 0 || server.bytes > 0 ? Completeness.DATA : 0) |
      (client.hasSentFin || server.hasSentFin ? Completeness.FIN : 0);
    this.#synSeen = 1;
    this.#synTime = firstNs / 1e9;
    this.#roundTripNs = stage === 3 ? nanoseconds((firstNs + handshakeNs) / 1e9 - this.#synTime) : 0;
  }

  /**
   * Whether Wireshark counts this packet to a new stream of the same addresses and ports: a SYN with another sequence
   * number than the stream's. One with the same number, after a RST too, counts to the old one.
   */
  startsAnother(packet: Packet, side: 0 | 1): boolean {
    if ((packet.flags & SYN_ACK) !== Flag.SYN) return false;
    const from = side === 0 ? this.#first : this.#second;
    return from.baseKnown && from.base !== packet.sequenceNumber;
  }

  /**
   * Takes the next packet of the stream.
   * @param side 0 for what the sender of the stream's first packet sent, 1 for the other.
   * @param time seconds since the capture's first packet.
   * @returns bits of {@link Analysis}.
   */
  see(packet: Packet, side: 0 | 1, time: number): number {
    const from = side === 0 ? this.#first : this.#second;
    const to = side === 0 ? this.#second : this.#first;
    let bits = (packet.flags & Flag.SYN) === 0 ? 0 : this.#examineReuse(packet, from);
    from.learnBase(packet);
    if ((packet.flags & Flag.ACK) !== 0) to.learnBaseFromAck(packet);

    const isProbe = isZeroWindowProbe(packet, from, to);
    bits |= isProbe ? Analysis.ZERO_WINDOW_PROBE : examineForward(packet, from, to);
    if (packet.acknowledgmentNumber !== from.acknowledged) from.duplicateAcks = 0;
    bits |= examineAcknowledgment(packet, to);
    const takesSequenceSpace = packet.payloadBytes > 0 || (packet.flags & SYN_FIN) !== 0;
    if (takesSequenceSpace && (bits & Analysis.KEEP_ALIVE) === 0) {
      const outOfOrderNs = this.#roundTripNs === 0 ? DEFAULT_ROUND_TRIP_NS : this.#roundTripNs;
      bits |= examineRetransmission(packet, from, to, time, outOfOrderNs);
    }
    advance(packet, from, to, time, isProbe);
    from.lastBits = bits;

    this.#completenessStep(packet);
    this.#timeHandshake(packet, time);
    from.learnWindowScale(packet, to);
    this.#packets += 1;
    if (bits !== 0) from.tally(bits);
    return bits;
  }

  /** `tcp.completeness` as two passes of tshark print it in the stream's last packet: bits of {@link Completeness}. */
  get completeness(): number {
    return this.#packets > 1 ? this.#completeness | this.#completenessOfFirst : this.#completeness;
  }

  /** Whether any packet was given a bit of {@link Analysis}. */
  get hasFindings(): boolean {
    return this.#first.hasFindings || this.#second.hasFindings;
  }

  /** How many packets of a side have that bit of {@link Analysis} after two passes. */
  count(side: 0 | 1, bit: number): number {
    const direction = side === 0 ? this.#first : this.#second;
    const counted = direction.countOf(bit);
    // The second pass starts with the base that the last SYN,ACK left behind, and finds the first one to differ.
    return bit === Analysis.REUSED_PORTS && direction.firstSynAckReplaced ? counted + 1 : counted;
  }

  #examineReuse(packet: Packet, from: WiresharkDirection): number {
    if (this.#packets === 0 && this.#restarted === 1) return Analysis.REUSED_PORTS;
    if ((packet.flags & Flag.ACK) !== 0) {
      return from.replaceBase(packet.sequenceNumber) ? Analysis.REUSED_PORTS : 0;
    }
    // A RST may have taken its number from an ACK and led the next expected one astray (Wireshark issue 17616).
    if (from.baseKnown) from.next = from.contiguous;
    return 0;
  }

  #completenessStep(packet: Packet): void {
    const { flags, payloadBytes } = packet;
    let bits = 0;
    if ((flags & SYN_ACK) === SYN_ACK) bits |= Completeness.SYN_ACK;
    if ((flags & SYN_ACK) === Flag.ACK) bits |= payloadBytes > 0 ? Completeness.DATA : Completeness.ACK;
    if ((flags & (Flag.FIN | Flag.ACK)) === (Flag.FIN | Flag.ACK)) bits |= Completeness.FIN;
    if ((flags & Flag.RST) !== 0) bits |= Completeness.RST;
    if (this.#packets > 0 || this.#restarted === 1) {
      this.#completeness |= bits;
      return;
    }
    this.#completenessOfFirst = bits;
    if ((flags & SYN_ACK) !== Flag.SYN) return;
    // A Fast Open SYN carries data (RFC 7413).
    this.#completeness = payloadBytes > 0 ? Completeness.SYN | Completeness.DATA : Completeness.SYN;
  }

  #timeHandshake({ flags, seconds, nanoseconds: fraction }: Packet, time: number): void {
    const kind = flags & SYN_ACK;
    if (kind === Flag.SYN) {
      // To Wireshark the epoch itself is no time: it times no handshake then.
      this.#synSeen = seconds === 0 && fraction === 0 ? 0 : 1;
      this.#synTime = time;
    } else if (kind === Flag.ACK && this.#synSeen === 1 && this.#roundTripNs === 0) {
      this.#roundTripNs = nanoseconds(time - this.#synTime);
    }
  }
}
