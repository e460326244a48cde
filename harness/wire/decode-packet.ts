import type { Packet } from '../model/packet.ts';
import { decodeIpv4 } from './decode-ipv4.ts';
import { decodeIpv6 } from './decode-ipv6.ts';
import { Problem } from './decode-issue.ts';
import { decodeEthernet, decodeLink, linkLayer } from './decode-link.ts';
import { decodeTcp } from './decode-tcp.ts';
import { decodeTunnel } from './decode-tunnel.ts';
import { decodeUdp } from './decode-udp.ts';
import { type Decoding, FIRST_LAYER, Layer, type Outcome } from './decoding.ts';

/** Deeper than any tunnel that is meant: Ethernet, VLAN, PPPoE, PPP, IP, GRE, … each count. */
const MAX_LAYERS = 32;

/**
 * Decodes a frame up to TCP, into the packet. Total: bad bytes become an issue, never an exception; allocates nothing
 * but for fragments. Of nested IP packets the innermost counts.
 * The packet's fields other than frame and time mean something only after {@link Outcome}.TCP.
 * @param start where the frame starts in `bytes`.
 * @param originalBytes length of the frame on the wire, where it was captured cut.
 * @param decoding settings, and the place where the issue, the header length and a UDP payload are left.
 */
export function decodePacket(
  linkType: number,
  bytes: Uint8Array,
  start: number,
  capturedBytes: number,
  originalBytes: number,
  packet: Packet,
  decoding: Decoding,
): Outcome {
  decoding.begin(start, capturedBytes, originalBytes);
  const first = linkLayer(linkType);
  if (first === Layer.STOPPED) {
    return decoding.stop('link', start, Problem.LINK_TYPE, linkType) as Outcome;
  }
  const outcome = decodeLayers(first, bytes, packet, decoding);
  return (outcome === Layer.REASSEMBLED ? decodeReassembled(packet, decoding) : outcome) as Outcome;
}

function decodeLayers(first: number, bytes: Uint8Array, packet: Packet, decoding: Decoding): number {
  let next = first;
  for (let count = 0; next >= FIRST_LAYER; count++) {
    if (count === MAX_LAYERS) return decoding.stop('tunnel', decoding.at, Problem.TOO_DEEP, MAX_LAYERS);
    if (next === Layer.TCP_HEADER) next = decodeTcp(bytes, packet, decoding);
    else if (next === Layer.IPV4) next = decodeIpv4(bytes, packet, decoding);
    else if (next === Layer.ETHERNET) next = decodeEthernet(bytes, decoding);
    else if (next === Layer.IPV6) next = decodeIpv6(bytes, packet, decoding);
    else if (next === Layer.UDP_HEADER) next = decodeUdp(bytes, decoding);
    else if (next < Layer.GRE) next = decodeLink(next, bytes, decoding);
    else next = decodeTunnel(next, bytes, decoding);
  }
  return next;
}

/** The datagram that this frame completed, from its payload on; issues there are told by their offset in that. */
function decodeReassembled(packet: Packet, decoding: Decoding): number {
  const { headerBytes } = decoding;
  let outcome: number = Layer.REASSEMBLED;
  while (outcome === Layer.REASSEMBLED) {
    const whole = decoding.fragments?.takeWhole();
    if (whole === undefined) return Layer.FRAGMENT;
    decoding.begin(0, whole.capturedBytes, whole.payloadBytes);
    packet.ipBytes = whole.headerBytes + whole.payloadBytes;
    outcome = decodeLayers(whole.layer, whole.bytes, packet, decoding);
  }
  // Those are the frame's; a UDP payload would be the datagram's, which nobody can reach.
  decoding.headerBytes = headerBytes;
  decoding.udpPayloadStart = -1;
  decoding.udpPayloadEnd = -1;
  return outcome;
}
