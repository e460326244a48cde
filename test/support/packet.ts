import { Packet } from '../../harness/model/packet.ts';
import { parseFlags } from '../../harness/model/segment.ts';

export interface PacketFields {
  readonly from: readonly [address: number, port: number];
  readonly to: readonly [address: number, port: number];
  readonly flags?: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly len?: number;
  readonly atMs?: number;
  readonly version?: 4 | 6;
}

/** A packet of its own: the engine's is reused, a test's stays as it is. */
export function packet({
  from,
  to,
  flags = 'ACK',
  seq = 0,
  ack = 0,
  len = 0,
  atMs = 0,
  version = 4,
}: PacketFields): Packet {
  const made = new Packet();
  made.seconds = 1_700_000_000 + Math.floor(atMs / 1000);
  made.nanoseconds = Math.round((atMs % 1000) * 1e6);
  made.ipVersion = version;
  [made.source3, made.sourcePort] = [from[0] | 0, from[1]];
  [made.destination3, made.destinationPort] = [to[0] | 0, to[1]];
  if (version === 6) {
    made.source0 = 0x20010db8;
    made.destination0 = 0x20010db8;
  }
  made.flags = parseFlags(flags);
  made.sequenceNumber = seq | 0;
  made.acknowledgmentNumber = ack | 0;
  made.payloadBytes = len;
  made.ipBytes = 40 + len;
  made.window = 65_535;
  return made;
}

/** The same, the other way. */
export function reversed({ from, to, ...rest }: PacketFields): PacketFields {
  return { from: to, to: from, ...rest };
}
