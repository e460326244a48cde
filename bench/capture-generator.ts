/** Makes captures of any size, the same every time: TCP connections over Ethernet and IPv4, interleaved. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Flag } from '../harness/model/segment.ts';

export interface GeneratorOptions {
  readonly connections: number;
  /** Connections that are open at any time, roughly. @default 1000 */
  readonly concurrent?: number;
  /** Octets of payload of a request or response. @default 32 */
  readonly payloadBytes?: number;
  /** @default 10 */
  readonly microsecondsBetweenPackets?: number;
}

/** Each connection's ten packets: an exchange, then a close that the client begins. */
const STORY: readonly Step[] = [
  { from: 'client', flags: Flag.SYN },
  { from: 'server', flags: Flag.SYN | Flag.ACK },
  { from: 'client', flags: Flag.ACK },
  { from: 'client', flags: Flag.PSH | Flag.ACK, data: true },
  { from: 'server', flags: Flag.ACK },
  { from: 'server', flags: Flag.PSH | Flag.ACK, data: true },
  { from: 'client', flags: Flag.ACK },
  { from: 'client', flags: Flag.FIN | Flag.ACK },
  { from: 'server', flags: Flag.FIN | Flag.ACK },
  { from: 'client', flags: Flag.ACK },
];

export const PACKETS_PER_CONNECTION: number = STORY.length;

interface Step {
  readonly from: 'client' | 'server';
  readonly flags: number;
  readonly data?: true;
}

/** Microsecond pcap, little-endian. Source: draft-ietf-opsawg-pcap. */
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const TCP_BYTES = 20;
/** NOP, NOP, TIMESTAMPS; a SYN's MSS, SACK_PERMITTED and WINDOW_SCALE before that. */
const TIMESTAMPS_BYTES = 12;
const SYN_OPTIONS_BYTES = 20;

const CHUNK_BYTES = 1 << 20;
const START_SECONDS = 1_700_000_000;
const SERVER_ADDRESS = 0x0a_80_00_01;
const SERVER_PORT = 443;
const CLIENT_NETWORK = 0x0a_00_00_00;
const PORTS_PER_CLIENT = 32_768;
const FIRST_PORT = 32_768;

/** The capture, in chunks; each is overwritten by the next. */
export function* generateCapture(options: GeneratorOptions): Generator<Uint8Array, void, undefined> {
  const { connections, concurrent = 1000, payloadBytes = 32, microsecondsBetweenPackets = 10 } = options;
  const writer = new PacketWriter(payloadBytes, microsecondsBetweenPackets);
  const stride = Math.max(1, Math.round(concurrent / (STORY.length - 1)));
  const turns = connections + stride * (STORY.length - 1);
  writer.writeFileHeader();
  // In each turn a connection opens, and those of `stride` turns ago, of twice that, … each send their next packet.
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, step] of STORY.entries()) {
      const connection = turn - index * stride;
      if (connection < 0 || connection >= connections) continue;
      writer.writePacket(connection, index, step);
      if (writer.isFull) yield writer.takeChunk();
    }
  }
  yield writer.takeChunk();
}

/** Writes the capture to a file. */
export async function writeCapture(path: string, options: GeneratorOptions): Promise<void> {
  const file = createWriteStream(path);
  for (const chunk of generateCapture(options)) {
    // The generator writes its chunk again; the stream may not have written it yet.
    if (!file.write(chunk.slice())) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

class PacketWriter {
  readonly #payloadBytes: number;
  readonly #microsecondsBetweenPackets: number;
  readonly #largest: number;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  readonly #view = new DataView(this.#chunk.buffer);
  #at = 0;
  #packets = 0;

  constructor(payloadBytes: number, microsecondsBetweenPackets: number) {
    this.#payloadBytes = payloadBytes;
    this.#microsecondsBetweenPackets = microsecondsBetweenPackets;
    const headers = RECORD_HEADER_BYTES + ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES + SYN_OPTIONS_BYTES;
    this.#largest = headers + payloadBytes;
    // What writePacket() leaves as it is must not be an older packet's: payload is zeroes throughout.
    if (this.#largest > CHUNK_BYTES) throw new TypeError(`payloadBytes ${payloadBytes} exceeds a chunk`);
  }

  get isFull(): boolean {
    return CHUNK_BYTES - this.#at < this.#largest;
  }

  takeChunk(): Uint8Array {
    const chunk = this.#chunk.subarray(0, this.#at);
    this.#at = 0;
    return chunk;
  }

  writeFileHeader(): void {
    const header = [0xa1b2c3d4, 0x0004_0002, 0, 0, 262_144, 1];
    for (const [index, word] of header.entries()) this.#view.setUint32(index * 4, word, true);
    this.#at = FILE_HEADER_BYTES;
  }

  writePacket(connection: number, index: number, { from, flags, data }: Step): void {
    const isSyn = (flags & Flag.SYN) !== 0;
    const tcpBytes = TCP_BYTES + (isSyn ? SYN_OPTIONS_BYTES : TIMESTAMPS_BYTES);
    const payloadBytes = data === true ? this.#payloadBytes : 0;
    const ipBytes = IPV4_BYTES + tcpBytes + payloadBytes;
    const start = this.#at;
    const ip = start + RECORD_HEADER_BYTES + ETHERNET_BYTES;
    this.#chunk.fill(0, start, ip + ipBytes);
    this.#writeRecordHeader(start, ETHERNET_BYTES + ipBytes);
    this.#view.setUint16(ip - 2, 0x0800);
    this.#writeIpv4(ip, ipBytes, from, connection);
    this.#writeTcp(ip + IPV4_BYTES, { connection, index, from, flags });
    this.#writeOptions(ip + IPV4_BYTES + TCP_BYTES, isSyn, from);
    this.#writeChecksums(ip, ipBytes);
    this.#at = ip + ipBytes;
    this.#packets += 1;
  }

  #writeRecordHeader(at: number, frameBytes: number): void {
    const microseconds = this.#packets * this.#microsecondsBetweenPackets;
    this.#view.setUint32(at, START_SECONDS + Math.floor(microseconds / 1e6), true);
    this.#view.setUint32(at + 4, microseconds % 1e6, true);
    this.#view.setUint32(at + 8, frameBytes, true);
    this.#view.setUint32(at + 12, frameBytes, true);
  }

  #writeIpv4(at: number, ipBytes: number, from: Step['from'], connection: number): void {
    const client = CLIENT_NETWORK + Math.floor(connection / PORTS_PER_CLIENT) + 1;
    this.#view.setUint8(at, 0x45);
    this.#view.setUint16(at + 2, ipBytes);
    this.#view.setUint16(at + 6, 0x4000);
    this.#view.setUint8(at + 8, 64);
    this.#view.setUint8(at + 9, 6);
    this.#view.setUint32(at + 12, from === 'client' ? client : SERVER_ADDRESS);
    this.#view.setUint32(at + 16, from === 'client' ? SERVER_ADDRESS : client);
  }

  #writeTcp(
    at: number,
    { connection, index, from, flags }: { connection: number; index: number; from: string; flags: number },
  ): void {
    const clientPort = FIRST_PORT + (connection % PORTS_PER_CLIENT);
    const [source, destination] = from === 'client' ? [clientPort, SERVER_PORT] : [SERVER_PORT, clientPort];
    const sent = { client: this.#sentBefore('client', index), server: this.#sentBefore('server', index) };
    const first = { client: initialSequence(connection, 1), server: initialSequence(connection, 2) };
    const own = from === 'client' ? 'client' : 'server';
    const other = from === 'client' ? 'server' : 'client';
    this.#view.setUint16(at, source);
    this.#view.setUint16(at + 2, destination);
    this.#view.setUint32(at + 4, (first[own] + sent[own]) >>> 0);
    if ((flags & Flag.ACK) !== 0) this.#view.setUint32(at + 8, (first[other] + sent[other]) >>> 0);
    const tcpBytes = TCP_BYTES + ((flags & Flag.SYN) === 0 ? TIMESTAMPS_BYTES : SYN_OPTIONS_BYTES);
    this.#view.setUint16(at + 12, ((tcpBytes / 4) << 12) | flags);
    this.#view.setUint16(at + 14, 64_240);
  }

  /** Sequence space that an endpoint has used up before the packet of this index. */
  #sentBefore(endpoint: Step['from'], index: number): number {
    let octets = 0;
    for (const { from, flags, data } of STORY.slice(0, index)) {
      if (from !== endpoint) continue;
      octets += data === true ? this.#payloadBytes : 0;
      octets += (flags & (Flag.SYN | Flag.FIN)) === 0 ? 0 : 1;
    }
    return octets;
  }

  #writeOptions(at: number, isSyn: boolean, from: Step['from']): void {
    const milliseconds = Math.floor((this.#packets * this.#microsecondsBetweenPackets) / 1000);
    let timestamps = at + 2;
    if (isSyn) {
      this.#chunk.set([2, 4, 0x05, 0xb4, 4, 2], at);
      this.#chunk.set([1, 3, 3, 7], at + 16);
      timestamps = at + 6;
    } else {
      this.#chunk.set([1, 1], at);
    }
    this.#chunk.set([8, 10], timestamps);
    this.#view.setUint32(timestamps + 2, milliseconds + (from === 'client' ? 1000 : 2000));
    this.#view.setUint32(timestamps + 6, isSyn && from === 'client' ? 0 : milliseconds);
  }

  #writeChecksums(ip: number, ipBytes: number): void {
    const tcp = ip + IPV4_BYTES;
    this.#view.setUint16(ip + 10, this.#complement(ip, tcp, 0));
    const pseudo = 6 + ipBytes - IPV4_BYTES + this.#sum(ip + 12, ip + IPV4_BYTES);
    this.#view.setUint16(tcp + 16, this.#complement(tcp, ip + ipBytes, pseudo));
  }

  #complement(start: number, end: number, initial: number): number {
    let sum = initial + this.#sum(start, end);
    while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
    return ~sum & 0xffff;
  }

  #sum(start: number, end: number): number {
    let sum = 0;
    let at = start;
    for (; at + 1 < end; at += 2) sum += this.#view.getUint16(at);
    return at < end ? sum + (this.#view.getUint8(at) << 8) : sum;
  }
}

/** Spread over the sequence space, so that some connections pass its end. */
function initialSequence(connection: number, salt: number): number {
  return Math.imul(connection * 2 + salt, 0x9e37_79b1) >>> 0;
}
