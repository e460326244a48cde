import type { Packet } from '../model/packet.ts';
import { u8 } from './big-endian.ts';
import { type Decoding, Layer } from './decoding.ts';
import { IpProtocol, protocolLayer } from './ip-protocol.ts';

/** What an IP header says of a fragment. */
export interface Fragment {
  readonly identification: number;
  /** Of the datagram's payload; of IPv6 only the first fragment's counts (RFC 8200 §4.5). */
  readonly protocol: number;
  /** Of this fragment's payload in the datagram's, octets. */
  readonly offset: number;
  readonly moreFollow: boolean;
  /** Octets of the IP header without the fragment header. */
  readonly headerBytes: number;
}

/** A datagram whose fragments have all come. */
export interface WholeDatagram {
  /** What its payload starts with. */
  readonly layer: number;
  /** The payload's first octets, as far as wanted and captured. */
  readonly bytes: Uint8Array;
  readonly capturedBytes: number;
  /** Octets of payload as it was on the wire. */
  readonly payloadBytes: number;
  readonly headerBytes: number;
}

/** Enough for the headers of a tunnel and of TCP in it. */
const PREFIX_BYTES = 256;
const MAX_DATAGRAMS = 1024;
/** In order, fragments make one piece; this many gaps are no network's doing. */
const MAX_PIECES = 64;
const MAX_PAYLOAD_BYTES = 65_535;
/** As Linux's net.ipv4.ipfrag_time; identifications are used again. */
const LIFETIME_SECONDS = 30;

/**
 * Datagrams that wait for the rest of their fragments, bounded in number and bytes: the oldest goes first.
 * Of a payload only the octets that can be headers are kept; where fragments overlap, the first to come counts.
 */
export class FragmentTable {
  readonly #datagrams = new Map<string, Datagram>();
  #whole: WholeDatagram | undefined;
  #abandoned = 0;

  /** Datagrams given up: pushed out, too old, or of fragments that contradict each other. */
  get abandoned(): number {
    return this.#abandoned;
  }

  get waiting(): number {
    return this.#datagrams.size;
  }

  /** Takes the fragment whose payload the decoding stands at. */
  add(fragment: Fragment, bytes: Uint8Array, packet: Packet, decoding: Decoding): number {
    const key = datagramKey(fragment, packet);
    const datagram = this.#waitingOrNew(key, packet.seconds);
    if (!datagram.add(fragment, bytes, decoding)) {
      this.#datagrams.delete(key);
      this.#abandoned += 1;
      return Layer.FRAGMENT;
    }
    const whole = datagram.whole();
    if (whole === undefined) return Layer.FRAGMENT;
    this.#datagrams.delete(key);
    this.#whole = whole;
    return Layer.REASSEMBLED;
  }

  /** The datagram that the last fragment completed, once. */
  takeWhole(): WholeDatagram | undefined {
    const whole = this.#whole;
    this.#whole = undefined;
    return whole;
  }

  #waitingOrNew(key: string, seconds: number): Datagram {
    const waiting = this.#datagrams.get(key);
    if (waiting !== undefined && seconds - waiting.startedAtSeconds <= LIFETIME_SECONDS) return waiting;
    if (waiting !== undefined) this.#abandon(key);
    if (this.#datagrams.size >= MAX_DATAGRAMS) {
      for (const oldest of this.#datagrams.keys()) {
        this.#abandon(oldest);
        break;
      }
    }
    const datagram = new Datagram(seconds);
    this.#datagrams.set(key, datagram);
    return datagram;
  }

  #abandon(key: string): void {
    this.#datagrams.delete(key);
    this.#abandoned += 1;
  }
}

function datagramKey({ identification, protocol }: Fragment, packet: Packet): string {
  const v6 = packet.ipVersion === 6;
  return [
    ...[packet.source0, packet.source1, packet.source2, packet.source3],
    ...[packet.destination0, packet.destination1, packet.destination2, packet.destination3],
    ...[identification, v6 ? 'v6' : protocol],
  ].join();
}

class Datagram {
  readonly startedAtSeconds: number;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  readonly #prefixFilled = new Uint8Array(PREFIX_BYTES);
  /** Start and end of each piece that has come, in order, apart from each other. */
  #pieces: readonly (readonly [start: number, end: number])[] = [];
  /** Unknown, -1, until the last fragment has come. */
  #payloadBytes = -1;
  #layer: number = Layer.OTHER;
  #headerBytes = 0;

  constructor(startedAtSeconds: number) {
    this.startedAtSeconds = startedAtSeconds;
  }

  /** False when the fragment cannot belong to the others. */
  add(
    { offset, moreFollow, protocol, headerBytes }: Fragment,
    bytes: Uint8Array,
    decoding: Decoding,
  ): boolean {
    const end = offset + decoding.wireEnd - decoding.at;
    if (end > MAX_PAYLOAD_BYTES || end < offset) return false;
    if (moreFollow && (end % 8 !== 0 || end === offset)) return false;
    if (!moreFollow) {
      if (this.#payloadBytes !== -1 && this.#payloadBytes !== end) return false;
      this.#payloadBytes = end;
    }
    if (offset === 0) {
      this.#layer = protocolLayer(protocol);
      this.#headerBytes = headerBytes;
    }
    this.#keep(offset, bytes, decoding);
    if (end > offset) this.#pieces = withPiece(this.#pieces, offset, end);
    const furthest = this.#pieces.at(-1)?.[1] ?? 0;
    if (this.#payloadBytes !== -1 && furthest > this.#payloadBytes) return false;
    return this.#pieces.length <= MAX_PIECES;
  }

  whole(): WholeDatagram | undefined {
    const [first, ...others] = this.#pieces;
    if (first === undefined || others.length > 0) return undefined;
    if (first[0] !== 0 || first[1] !== this.#payloadBytes) return undefined;
    const firstMissing = this.#prefixFilled.indexOf(0);
    return {
      layer: this.#layer,
      bytes: this.#prefix,
      capturedBytes: firstMissing === -1 ? PREFIX_BYTES : firstMissing,
      payloadBytes: this.#payloadBytes,
      headerBytes: this.#headerBytes,
    };
  }

  #keep(offset: number, bytes: Uint8Array, { at, end }: Decoding): void {
    const stop = Math.min(offset + end - at, PREFIX_BYTES);
    for (let index = offset; index < stop; index++) {
      if (this.#prefixFilled[index] === 1) continue;
      this.#prefix[index] = u8(bytes, at + index - offset);
      this.#prefixFilled[index] = 1;
    }
  }
}

type Piece = readonly [start: number, end: number];

/** The pieces with one more; those that touch or overlap become one. */
function withPiece(pieces: readonly Piece[], start: number, end: number): Piece[] {
  const touching = pieces.filter((piece) => piece[0] <= end && piece[1] >= start);
  const merged: Piece = [
    Math.min(start, ...touching.map((piece) => piece[0])),
    Math.max(end, ...touching.map((piece) => piece[1])),
  ];
  const apart = pieces.filter((piece) => !touching.includes(piece));
  return [...apart, merged].sort((a, b) => a[0] - b[0]);
}

const TCP_MIN_HEADER_BYTES = 20;
const TCP_DATA_OFFSET = 12;

/** A frame that is kept without its payload must keep a first fragment's TCP header, or its datagram has none. */
export function keepFirstHeader(bytes: Uint8Array, { offset, protocol }: Fragment, decoding: Decoding): void {
  if (offset > 0 || protocol !== IpProtocol.TCP) return;
  const { at, end, start } = decoding;
  const dataOffset = at + TCP_DATA_OFFSET < end ? (u8(bytes, at + TCP_DATA_OFFSET) >>> 4) * 4 : 0;
  const headerEnd = Math.min(at + Math.max(dataOffset, TCP_MIN_HEADER_BYTES), end);
  decoding.headerBytes = Math.max(decoding.headerBytes, headerEnd - start);
}
