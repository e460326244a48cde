/** Conversations in which both ends mostly do what is expected, and now and then do not. */
import { Packet } from '../../harness/model/packet.ts';
import { Flag } from '../../harness/model/segment.ts';

export const ACTIONS = [
  'data',
  'ack',
  'fin',
  'open',
  'again',
  'gap',
  'duplicate ack',
  'half ack',
  'far ack',
  'reset',
  'reset from nowhere',
  'syn again',
  'other syn',
  'keep-alive',
  'zero window',
  'new window',
  'full window',
  'bare',
  'urgent',
  'wrong checksum',
  'fast open',
  'syn with data',
  'scale on no syn',
] as const;

/** What one end does next. */
export interface Turn {
  readonly port: number;
  readonly side: 0 | 1;
  readonly action: (typeof ACTIONS)[number];
  readonly bytes: number;
  readonly stepNs: number;
  /** What an opening's SYNs say: the window scales of client and server, -1 for no option. */
  readonly scales: readonly [number, number];
  /** What stands in the acknowledgment field of a SYN without ACK, from the server's first octet on; undefined: 0. */
  readonly staleAcknowledgment: number | undefined;
  /** The client's initial sequence number; undefined for any. */
  readonly iss: number | undefined;
}

/** Where and when all of it happens. */
export interface Setting {
  readonly ipVersion: 4 | 6;
  /** Time of the first turn. */
  readonly startSeconds: number;
}

interface End {
  iss: number;
  nxt: number;
  /** Where its last segment of data began. */
  last: number;
  lastBytes: number;
  acknowledged: number;
  window: number;
  shift: number;
}

const SERVER_PORT = 443;

/** The packets of turns taken one after the other; each port is a connection, and opens anew when told to. */
export function conversation(turns: readonly Turn[], setting: Setting): Packet[] {
  const ends = new Map<number, readonly [End, End]>();
  const packets: Packet[] = [];
  let atNs = setting.startSeconds * 1e9;
  for (const turn of turns) {
    // No capture has times before the epoch.
    atNs = Math.max(0, atNs + turn.stepNs);
    let pair = ends.get(turn.port);
    if (pair === undefined || turn.action === 'open') {
      pair = [freshEnd(packets.length, 1, turn.iss), freshEnd(packets.length, 2)];
      ends.set(turn.port, pair);
      for (const [side, flags] of [
        [0, Flag.SYN],
        [1, Flag.SYN | Flag.ACK],
        [0, Flag.ACK],
      ] as const) {
        const packet = send(pair, { ...turn, side, action: 'ack' }, packets.length, (atNs += 50_000), flags);
        packets.push(placed(packet, setting.ipVersion));
      }
      continue;
    }
    packets.push(placed(send(pair, turn, packets.length, atNs, Flag.ACK), setting.ipVersion));
  }
  return packets;
}

function placed(packet: Packet, ipVersion: 4 | 6): Packet {
  packet.ipVersion = ipVersion;
  if (ipVersion === 4) return packet;
  packet.source0 = packet.destination0 = 0x2001_0db8;
  packet.ipBytes += 20;
  return packet;
}

function freshEnd(salt: number, side: number, given?: number): End {
  // Some pass the end of the sequence space.
  const iss = given ?? Math.imul(salt * 2 + side, 0x9e37_79b1) | 0;
  return { iss, nxt: iss, last: iss, lastBytes: 0, acknowledged: 0, window: 500, shift: 0 };
}

function send(
  pair: readonly [End, End],
  { port, side, action, bytes, scales, staleAcknowledgment }: Turn,
  count: number,
  atNs: number,
  usualFlags: number,
): Packet {
  const from = pair[side];
  const to = pair[1 - side] as End;
  const packet = new Packet();
  packet.frame = count + 1;
  packet.seconds = Math.floor(atNs / 1e9);
  packet.nanoseconds = atNs % 1e9;
  const [client, server] = [0x0a00_0001, 0x0a00_0002];
  [packet.source3, packet.destination3] = side === 0 ? [client, server] : [server, client];
  const clientPort = 40_000 + port;
  [packet.sourcePort, packet.destinationPort] =
    side === 0 ? [clientPort, SERVER_PORT] : [SERVER_PORT, clientPort];
  packet.flags = usualFlags;
  packet.sequenceNumber = from.nxt;
  packet.acknowledgmentNumber = (usualFlags & Flag.ACK) === 0 ? staleField(to, staleAcknowledgment) : to.nxt;
  packet.window = from.window;
  if ((usualFlags & Flag.SYN) !== 0) {
    packet.windowScale = scales[side];
    if (Math.min(...scales) >= 0) from.shift = Math.min(scales[side], 14);
  }
  deviate(packet, from, to, action, bytes);
  packet.ipBytes = 40 + packet.payloadBytes;
  const control = (packet.flags & (Flag.SYN | Flag.FIN)) === 0 ? 0 : 1;
  const end = (packet.sequenceNumber + packet.payloadBytes + control) | 0;
  if (((end - from.nxt) | 0) > 0) {
    from.last = packet.sequenceNumber;
    from.lastBytes = packet.payloadBytes;
    from.nxt = end;
  }
  from.acknowledged = packet.acknowledgmentNumber;
  return packet;
}

function staleField({ iss }: End, offset: number | undefined): number {
  return offset === undefined ? 0 : (iss + 1 + offset) | 0;
}

function deviate(packet: Packet, from: End, to: End, action: Turn['action'], bytes: number): void {
  switch (action) {
    case 'data':
      packet.payloadBytes = bytes;
      packet.flags |= Flag.PSH;
      return;
    case 'fin':
      packet.flags |= Flag.FIN;
      packet.payloadBytes = bytes === 100 ? bytes : 0;
      return;
    case 'again':
      packet.sequenceNumber = from.last;
      packet.payloadBytes = from.lastBytes;
      return;
    case 'gap':
      packet.sequenceNumber = (packet.sequenceNumber + bytes) | 0;
      packet.payloadBytes = bytes;
      return;
    case 'duplicate ack':
      packet.acknowledgmentNumber = from.acknowledged;
      return;
    case 'half ack':
      packet.acknowledgmentNumber = (to.nxt - bytes) | 0;
      return;
    case 'far ack':
      packet.acknowledgmentNumber = (to.nxt + bytes) | 0;
      return;
    case 'reset':
      packet.flags |= Flag.RST;
      return;
    case 'reset from nowhere':
      packet.flags = Flag.RST;
      packet.sequenceNumber = (packet.sequenceNumber + bytes) | 0;
      return;
    case 'syn again':
      packet.flags = Flag.SYN;
      packet.sequenceNumber = from.iss;
      return;
    case 'other syn':
      packet.flags = Flag.SYN;
      packet.sequenceNumber = (from.nxt + 77_777) | 0;
      return;
    case 'keep-alive':
      packet.sequenceNumber = (from.nxt - 1) | 0;
      return;
    case 'zero window':
      packet.window = 0;
      return;
    case 'new window':
      from.window = bytes & 0xffff;
      packet.window = from.window;
      return;
    case 'full window':
      packet.payloadBytes = (to.acknowledged + (to.window << to.shift) - from.nxt) & 0xffff;
      return;
    case 'bare':
      packet.flags = 0;
      return;
    case 'urgent':
      packet.flags |= Flag.URG | Flag.PSH;
      packet.payloadBytes = 1;
      return;
    case 'wrong checksum':
      packet.checksum = 0;
      return;
    case 'fast open':
      packet.fastOpen = 1;
      return;
    case 'syn with data':
      packet.flags = Flag.SYN;
      packet.payloadBytes = bytes;
      return;
    case 'scale on no syn':
      packet.windowScale = bytes & 15;
      packet.payloadBytes = 1;
      from.shift = Math.min(bytes & 15, 14);
      return;
    default:
  }
}
