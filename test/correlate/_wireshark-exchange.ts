/** Builder: an exchange between two sides, told packet by packet, as Wireshark's rules and our figures see it. */
import { LossAndDelay } from '../../harness/correlate/loss-and-delay.ts';
import { ANALYSIS_NAMES } from './_wireshark-tshark.ts';
import { Analysis, WiresharkStream } from '../../harness/correlate/wireshark-stream.ts';
import { Packet } from '../../harness/model/packet.ts';
import { parseFlags } from '../../harness/model/segment.ts';

export interface PacketParts {
  /** @default ACK */
  readonly flags?: string;
  /** Relative to the side's initial sequence number. @default where the side's last segment ended */
  readonly seq?: number;
  /** Relative to the other side's. @default where the other side's last segment ended */
  readonly ack?: number;
  readonly bytes?: number;
  readonly window?: number;
  readonly windowScale?: number;
  /** Milliseconds since the packet before. @default 100 */
  readonly after?: number;
}

const CLIENT_ISN = 1000;
const SERVER_ISN = 5000;

export class Exchange {
  readonly stream: WiresharkStream = new WiresharkStream();
  readonly loss: LossAndDelay = new LossAndDelay();
  readonly #initial: [number, number];
  readonly #next: [number, number] = [0, 0];
  #timeMs = 0;
  #frame = 0;

  constructor(initial: readonly [client: number, server: number] = [CLIENT_ISN, SERVER_ISN]) {
    this.#initial = [...initial];
  }

  /** An exchange past its handshake, whose round trip took 100 ms. */
  static established(windowScale?: number): Exchange {
    const exchange = new Exchange();
    const options = windowScale === undefined ? {} : { windowScale };
    exchange.client({ flags: 'SYN', ...options });
    exchange.server({ flags: 'SYN,ACK', after: 50, ...options });
    exchange.client({ after: 50 });
    return exchange;
  }

  /** @returns the flags, `RETRANSMISSION FAST_RETRANSMISSION`; empty when there are none. */
  client(parts: PacketParts = {}): string {
    return this.#send(0, parts);
  }

  server(parts: PacketParts = {}): string {
    return this.#send(1, parts);
  }

  packet(side: 0 | 1, parts: PacketParts): Packet {
    const other = side === 0 ? 1 : 0;
    const packet = new Packet();
    packet.frame = this.#frame + 1;
    packet.flags = parseFlags(parts.flags ?? 'ACK');
    packet.sequenceNumber = (this.#initial[side] + (parts.seq ?? this.#next[side])) | 0;
    if ((packet.flags & parseFlags('ACK')) !== 0) {
      packet.acknowledgmentNumber = (this.#initial[other] + (parts.ack ?? this.#next[other])) | 0;
    }
    packet.window = parts.window ?? 512;
    packet.payloadBytes = parts.bytes ?? 0;
    packet.windowScale = parts.windowScale ?? -1;
    return packet;
  }

  #send(side: 0 | 1, parts: PacketParts): string {
    const packet = this.packet(side, parts);
    this.#frame += 1;
    this.#timeMs += parts.after ?? 100;
    // Any time but the epoch itself.
    packet.seconds = 1_700_000_000;
    const control = (packet.flags & parseFlags('SYN,FIN')) === 0 ? 0 : 1;
    const end = (packet.sequenceNumber - this.#initial[side] + packet.payloadBytes + control) | 0;
    this.#next[side] = Math.max(this.#next[side], end);
    const bits = this.stream.see(packet, side, this.#timeMs / 1000);
    this.loss.see(packet, side, this.#timeMs / 1000, bits);
    return ANALYSIS_NAMES.filter((name) => (bits & Analysis[name]) !== 0).join(' ');
  }
}
