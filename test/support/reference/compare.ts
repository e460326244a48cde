import { addressText } from '../../../harness/model/address.ts';
import type { Packet } from '../../../harness/model/packet.ts';
import type { Decoding, Outcome } from '../../../harness/wire/decoding.ts';
import type { Decoded, IpHeader, ReferenceOptions, TcpHeader } from './view.ts';

const OUTCOMES: readonly Decoded['outcome'][] = ['other', 'tcp', 'fragment', 'stopped'];

/** What both decoders tell of a frame. */
export interface Compared extends Omit<Decoded, 'ip' | 'udpPayload'> {
  readonly ip?: Omit<IpHeader, 'checksum'>;
}

/** What the engine's decoder left; what means nothing is left out. */
export function asCompared(
  outcome: Outcome,
  packet: Packet,
  { headerBytes, issue }: Pick<Decoding, 'headerBytes' | 'issue'>,
): Compared {
  const name = OUTCOMES[outcome] ?? 'other';
  return {
    outcome: name,
    headerBytes,
    ...(issue === undefined ? {} : { issue }),
    ...(name === 'tcp' ? { ip: ipOf(packet), tcp: tcpOf(packet) } : {}),
  };
}

/** What the reference says. */
export function expectedOf({ outcome, headerBytes, issue, ip, tcp }: Decoded): Compared {
  return {
    outcome,
    headerBytes,
    ...(issue === undefined ? {} : { issue }),
    ...(ip === undefined || tcp === undefined ? {} : { ip: withoutChecksum(ip), tcp: withoutEmptySack(tcp) }),
  };
}

function withoutChecksum({ version, source, destination, bytes }: IpHeader): Compared['ip'] & object {
  return { version, source, destination, bytes };
}

/** A SACK option without blocks (suricata's tcp-empty-sack has one) says nothing, and leaves nothing in a packet. */
function withoutEmptySack({ options: { sackBlocks = [], ...options }, ...tcp }: TcpHeader): TcpHeader {
  return { ...tcp, options: { ...options, ...(sackBlocks.length === 0 ? {} : { sackBlocks }) } };
}

function ipOf(packet: Packet): Compared['ip'] & object {
  const { source0, source1, source2, source3 } = packet;
  const { destination0, destination1, destination2, destination3, ipVersion } = packet;
  return {
    version: ipVersion === 6 ? 6 : 4,
    source: addressText(ipVersion, source0, source1, source2, source3),
    destination: addressText(ipVersion, destination0, destination1, destination2, destination3),
    bytes: packet.ipBytes,
  };
}

function tcpOf(packet: Packet): TcpHeader {
  const checksums = { '1': 'right', '0': 'wrong', '-1': 'unknown' } as const;
  return {
    sourcePort: packet.sourcePort,
    destinationPort: packet.destinationPort,
    sequenceNumber: packet.sequenceNumber >>> 0,
    acknowledgmentNumber: packet.acknowledgmentNumber >>> 0,
    flags: packet.flags,
    window: packet.window,
    payloadBytes: packet.payloadBytes,
    checksum: checksums[String(packet.checksum) as keyof typeof checksums],
    options: optionsOf(packet),
  };
}

function optionsOf(packet: Packet): ReferenceOptions {
  const { mss, windowScale, sackPermitted, fastOpen, sackBlockCount, hasTimestamps } = packet;
  const edges = [...packet.sackEdges].map((edge) => edge >>> 0);
  return {
    ...(mss === -1 ? {} : { mss }),
    ...(windowScale === -1 ? {} : { windowScale }),
    ...(sackPermitted === 0 ? {} : { sackPermitted: true as const }),
    ...(fastOpen === 0 ? {} : { fastOpen: true as const }),
    ...(sackBlockCount === 0
      ? {}
      : {
          sackBlocks: Array.from(
            { length: sackBlockCount },
            (_, index) => [edges[index * 2] ?? 0, edges[index * 2 + 1] ?? 0] as const,
          ),
        }),
    ...(hasTimestamps === 0
      ? {}
      : { timestamps: { value: packet.timestampValue >>> 0, echoReply: packet.timestampEcho >>> 0 } }),
  };
}
