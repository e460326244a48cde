/** Builder: a conversation of packets, followed as Zeek does. */
import { ZeekConnection, type ZeekSummary } from '../../harness/correlate/zeek-connection.ts';
import { Packet } from '../../harness/model/packet.ts';
import { parseFlags } from '../../harness/model/segment.ts';

/** One packet; what is left out follows from the packets before it. */
export interface PacketStep {
  /** `a` sends the first packet. @default a */
  readonly from?: 'a' | 'b';
  /** `FIN,ACK`; empty for none. */
  readonly flags: string;
  /** Octets of payload. @default 0 */
  readonly bytes?: number;
  /** Relative to the sender's SYN. @default one past all that it has sent */
  readonly at?: number;
  /** Relative to the peer's SYN. @default one past all that the peer has sent */
  readonly acks?: number;
  /** @default 512 */
  readonly window?: number;
  /** Seconds since the first packet. @default a millisecond after the packet before */
  readonly time?: number;
  readonly checksum?: number;
}

export interface Ports {
  /** @default 40000 */
  readonly a?: number;
  /** @default 7000: no likely server port of Zeek's */
  readonly b?: number;
}

const SYN_OF = { a: 0xffff_ff00, b: 5000 } as const;
const HEADER_BYTES = 40;

/** The packets of a conversation, each filled in from the ones before. */
export class Conversation {
  readonly zeek: ZeekConnection = new ZeekConnection();
  readonly #ports: { readonly a: number; readonly b: number };
  readonly #next = { a: 0, b: 0 };
  #time = -0.001;

  constructor({ a = 40_000, b = 7000 }: Ports = {}) {
    this.#ports = { a, b };
  }

  /** The packet that a step stands for; it is not seen by Zeek yet. */
  packet({ from = 'a', flags, bytes = 0, at, acks, window = 512, checksum = 1 }: PacketStep): Packet {
    const to = from === 'a' ? 'b' : 'a';
    const packet = new Packet();
    packet.sourcePort = this.#ports[from];
    packet.destinationPort = this.#ports[to];
    packet.flags = flags === '' ? 0 : parseFlags(flags);
    packet.payloadBytes = bytes;
    packet.ipVersion = 4;
    packet.ipBytes = HEADER_BYTES + bytes;
    packet.window = window;
    packet.checksum = checksum;
    const sequence = at ?? this.#next[from];
    packet.sequenceNumber = (SYN_OF[from] + sequence) | 0;
    packet.acknowledgmentNumber = flags.includes('ACK') ? (SYN_OF[to] + (acks ?? this.#next[to])) | 0 : 0;
    const length = bytes + Number(flags.includes('SYN')) + Number(flags.includes('FIN'));
    this.#next[from] = Math.max(this.#next[from], sequence + length);
    return packet;
  }

  see(...steps: readonly PacketStep[]): this {
    for (const step of steps) {
      this.#time = step.time ?? this.#time + 0.001;
      this.zeek.see(this.packet(step), step.from === 'b' ? 1 : 0, this.#time);
    }
    return this;
  }

  summary(): ZeekSummary {
    return this.zeek.summary();
  }
}

export const HANDSHAKE: readonly PacketStep[] = [
  { flags: 'SYN' },
  { from: 'b', flags: 'SYN,ACK' },
  { flags: 'ACK' },
];
