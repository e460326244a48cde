import type { DecodeIssue } from './decode-issue.ts';

/** An IP packet's header, either version. */
export interface IpPacket {
  readonly version: 4 | 6;
  /** Text as in the model's Endpoint: IPv4-mapped addresses plain. */
  readonly source: string;
  readonly destination: string;
  /** Protocol of the payload, after IPv6's extension headers: 6 TCP, 17 UDP. */
  readonly protocol: number;
  /** Set on fragments only; byte offset of this one in the whole. */
  readonly fragment?: { readonly offset: number; readonly moreFollow: boolean };
  /** Where the payload starts in the frame. */
  readonly payloadOffset: number;
  /** Octets of payload by the IP length, whether captured or not. */
  readonly payloadBytes: number;
}

/** What an IP header gave; without a packet, `issue` says why. */
export interface IpLayer {
  readonly packet?: IpPacket;
  /** End of what was decoded. */
  readonly end: number;
  readonly issue?: DecodeIssue;
}

export const IpProtocol = { TCP: 6, UDP: 17 } as const;

/**
 * Octets from a packet's start to its end.
 * Segmentation offload hands packets to the tap with length 0: the frame's length must tell then.
 */
export function lengthOrRest(length: number, offset: number, originalBytes: number): number {
  return length === 0 ? Math.max(originalBytes - offset, 0) : length;
}
