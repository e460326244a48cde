import type { ConnectionRow } from '../model/connection-row.ts';
import type { Side } from '../model/connection.ts';
import { addressText } from '../model/address.ts';
import type { Packet } from '../model/packet.ts';
import type { ControlSegment } from '../model/run-connection.ts';
import { Flag } from '../model/segment.ts';

const CONTROL = Flag.SYN | Flag.FIN | Flag.RST;
/** A connection of more is told by its first ones: a port scan in one flow, not a life. */
const MOST_KEPT = 64;

interface Seen {
  readonly frame: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly end: 0 | 1;
  readonly flags: number;
  readonly payloadBytes: number;
  readonly retransmission: boolean;
  /** Segments and octets of either end. */
  readonly data: readonly [number, number, number, number];
}

/** The SYNs, FINs and RSTs of one connection as its packets come. Ends are 0 for the sender of the first packet. */
export class ControlSegments {
  readonly #seen: Seen[] = [];
  readonly #known = new Set<string>();
  #data: [number, number, number, number] = [0, 0, 0, 0];
  #firstPort = -1;
  #firstAddress: readonly [number, number, number, number] = [0, 0, 0, 0];
  #firstVersion = 0;

  see(packet: Packet): void {
    if (this.#firstPort === -1) {
      this.#firstPort = packet.sourcePort;
      this.#firstAddress = [packet.source0, packet.source1, packet.source2, packet.source3];
      this.#firstVersion = packet.ipVersion;
    }
    const end = this.#endOf(packet);
    if ((packet.flags & CONTROL) === 0) {
      if (packet.payloadBytes > 0) this.#addData(end, packet.payloadBytes);
      return;
    }
    if (this.#seen.length >= MOST_KEPT) return;
    const { frame, seconds, nanoseconds, flags, payloadBytes, sequenceNumber } = packet;
    // The number that the SYN or FIN itself takes: it may be sent again with less data before it.
    const own = (sequenceNumber + ((flags & Flag.FIN) === 0 ? 0 : payloadBytes)) | 0;
    const identity = `${end} ${flags & CONTROL} ${own}`;
    this.#seen.push({
      frame,
      seconds,
      nanoseconds,
      end,
      flags,
      payloadBytes,
      retransmission: (flags & Flag.RST) === 0 && this.#known.has(identity),
      data: this.#data,
    });
    this.#known.add(identity);
    this.#data = [0, 0, 0, 0];
  }

  /** In capture order, once it is known which end is the client. */
  of({ client }: ConnectionRow): readonly ControlSegment[] {
    const firstIsClient = this.#firstPort === client.port && this.#firstAddressText() === client.address;
    const sideOf = (end: 0 | 1): Side => ((end === 0) === firstIsClient ? 'client' : 'server');
    return this.#seen.map(
      ({ frame, seconds, nanoseconds, end, flags, payloadBytes, retransmission, data }) => {
        const [first, second] = [
          { segments: data[0], bytes: data[1] },
          { segments: data[2], bytes: data[3] },
        ];
        return {
          frame,
          atNs: BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds),
          from: sideOf(end),
          flags,
          payloadBytes,
          retransmission,
          dataBefore: firstIsClient ? { client: first, server: second } : { client: second, server: first },
        };
      },
    );
  }

  #endOf(packet: Packet): 0 | 1 {
    const [a, b, c, d] = this.#firstAddress;
    const isFirst =
      packet.sourcePort === this.#firstPort &&
      packet.source3 === d &&
      packet.source0 === a &&
      packet.source1 === b &&
      packet.source2 === c;
    return isFirst ? 0 : 1;
  }

  #addData(end: 0 | 1, bytes: number): void {
    const at = end * 2;
    this.#data[at] = (this.#data[at] ?? 0) + 1;
    this.#data[at + 1] = (this.#data[at + 1] ?? 0) + bytes;
  }

  #firstAddressText(): string {
    const [a, b, c, d] = this.#firstAddress;
    return addressText(this.#firstVersion, a, b, c, d);
  }
}
