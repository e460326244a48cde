import { addressText } from '../model/address.ts';
import type { Packet } from '../model/packet.ts';
import type { Segment, TcpOptions } from '../model/segment.ts';

const SECOND_NS = 1_000_000_000n;

/** The model's segment of a packet that was decoded up to TCP, as the frame of that ordinal. */
export function segmentOf(packet: Packet, frame: number = packet.frame): Segment {
  return {
    frame,
    capturedAtNs: capturedAtNs(packet),
    source: {
      address: addressText(packet.ipVersion, packet.source0, packet.source1, packet.source2, packet.source3),
      port: packet.sourcePort,
    },
    destination: {
      address: addressText(
        packet.ipVersion,
        packet.destination0,
        packet.destination1,
        packet.destination2,
        packet.destination3,
      ),
      port: packet.destinationPort,
    },
    flags: packet.flags,
    sequenceNumber: packet.sequenceNumber >>> 0,
    acknowledgmentNumber: packet.acknowledgmentNumber >>> 0,
    window: packet.window,
    payloadBytes: packet.payloadBytes,
    options: optionsOf(packet),
  };
}

/** Nanoseconds since the epoch. */
export function capturedAtNs({ seconds, nanoseconds }: Packet): bigint {
  return BigInt(seconds) * SECOND_NS + BigInt(nanoseconds);
}

function optionsOf(packet: Packet): TcpOptions {
  const { mss, windowScale, sackPermitted, sackBlockCount, hasTimestamps } = packet;
  return {
    ...(mss === -1 ? {} : { mss }),
    ...(windowScale === -1 ? {} : { windowScale }),
    ...(sackPermitted === 0 ? {} : { sackPermitted: true }),
    ...(sackBlockCount === 0 ? {} : { sackBlocks: sackBlocksOf(packet) }),
    ...(hasTimestamps === 0
      ? {}
      : { timestamps: { value: packet.timestampValue >>> 0, echoReply: packet.timestampEcho >>> 0 } }),
  };
}

function sackBlocksOf({ sackBlockCount, sackEdges }: Packet): (readonly [left: number, right: number])[] {
  return Array.from({ length: sackBlockCount }, (_, index) => [
    (sackEdges[index * 2] ?? 0) >>> 0,
    (sackEdges[index * 2 + 1] ?? 0) >>> 0,
  ]);
}
