import type { Segment } from '../model/segment.ts';
import type { DecodeIssue } from './decode-issue.ts';
import { type IpPacket, IpProtocol } from './ip.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { decodeLinkLayer } from './link-layer.ts';
import { decodeTcp, type TcpHeader } from './tcp.ts';
import { decodeUdp, type UdpDatagram } from './udp.ts';

/**
 * The layers that a frame gave, and what stopped the decoding.
 * No layer and no issue: the frame carries something else (ARP, ICMP, a later fragment).
 */
export interface DecodedFrame {
  readonly ip?: IpPacket;
  readonly tcp?: TcpHeader;
  readonly udp?: UdpDatagram;
  /** Bytes of the frame that are headers; what follows is payload or was not understood. */
  readonly headerBytes: number;
  readonly issue?: DecodeIssue;
}

/**
 * Decodes a frame up to TCP or UDP. Total: bad bytes become a {@link DecodeIssue}, never an exception.
 * @param originalBytes length of the frame on the wire, where it was captured cut.
 */
export function decodeFrame(
  linkType: number,
  bytes: Uint8Array,
  originalBytes: number = bytes.length,
): DecodedFrame {
  const link = decodeLinkLayer(linkType, bytes);
  if (link.network === undefined) {
    return { headerBytes: link.headerBytes, ...(link.issue === undefined ? {} : { issue: link.issue }) };
  }
  const decodeIp = link.network === 'ipv4' ? decodeIpv4 : decodeIpv6;
  const { packet: ip, end, issue } = decodeIp(bytes, link.headerBytes, originalBytes);
  if (ip === undefined) return { headerBytes: end, ...(issue === undefined ? {} : { issue }) };
  return { ip, ...decodeTransport(bytes, ip, end) };
}

function decodeTransport(bytes: Uint8Array, ip: IpPacket, ipEnd: number): Omit<DecodedFrame, 'ip'> {
  // Only the first fragment has the header.
  if (ip.fragment !== undefined && ip.fragment.offset > 0) return { headerBytes: ipEnd };
  if (ip.protocol === IpProtocol.TCP) {
    const { header, end, issue } = decodeTcp(bytes, ip.payloadOffset, ip.payloadBytes);
    return {
      headerBytes: end,
      ...(header === undefined ? {} : { tcp: header }),
      ...(issue === undefined ? {} : { issue }),
    };
  }
  if (ip.protocol === IpProtocol.UDP) {
    const { datagram, end, issue } = decodeUdp(bytes, ip.payloadOffset, ip.payloadBytes);
    return {
      headerBytes: end,
      ...(datagram === undefined ? {} : { udp: datagram }),
      ...(issue === undefined ? {} : { issue }),
    };
  }
  return { headerBytes: ipEnd };
}

/**
 * The model's segment of a decoded frame; undefined when it carries none.
 * A first fragment gives none either: how much payload the segment has is known only with the rest.
 */
export function segmentOf(
  { ip, tcp }: DecodedFrame,
  { ordinal, capturedAtNs }: { readonly ordinal: number; readonly capturedAtNs: bigint },
): Segment | undefined {
  if (ip === undefined || tcp === undefined || ip.fragment !== undefined) return undefined;
  return {
    frame: ordinal,
    capturedAtNs,
    source: { address: ip.source, port: tcp.sourcePort },
    destination: { address: ip.destination, port: tcp.destinationPort },
    flags: tcp.flags,
    sequenceNumber: tcp.sequenceNumber,
    acknowledgmentNumber: tcp.acknowledgmentNumber,
    window: tcp.window,
    payloadBytes: tcp.payloadBytes,
    options: tcp.options,
  };
}
