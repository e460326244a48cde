import { u16 } from './big-endian.ts';
import { cutShort, type DecodeIssue } from './decode-issue.ts';

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** What was captured of it: a view into the frame, not a copy. */
  readonly payload: Uint8Array;
}

export interface UdpLayer {
  readonly datagram?: UdpDatagram;
  readonly end: number;
  readonly issue?: DecodeIssue;
}

/** Byte offsets of the UDP header. Source: RFC 768. */
const Field = { sourcePort: 0, destinationPort: 2, headerBytes: 8 } as const;

/** The UDP header at `offset` of an IP payload of `ipPayloadBytes`. */
export function decodeUdp(bytes: Uint8Array, offset: number, ipPayloadBytes: number): UdpLayer {
  const available = Math.min(bytes.length - offset, ipPayloadBytes);
  if (available < Field.headerBytes) {
    return {
      end: Math.min(offset, bytes.length),
      issue: cutShort('udp', offset, available, Field.headerBytes),
    };
  }
  const end = offset + Field.headerBytes;
  const datagram = {
    sourcePort: u16(bytes, offset + Field.sourcePort),
    destinationPort: u16(bytes, offset + Field.destinationPort),
    payload: bytes.subarray(end, offset + available),
  };
  return { datagram, end };
}
