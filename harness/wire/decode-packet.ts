import type { Packet } from '../model/packet.ts';
import { decodeIpv4 } from './decode-ipv4.ts';
import { decodeIpv6 } from './decode-ipv6.ts';
import { Problem } from './decode-issue.ts';
import { decodeEthernet, decodeLink, linkLayer } from './decode-link.ts';
import { decodeTcp } from './decode-tcp.ts';
import { decodeTunnel } from './decode-tunnel.ts';
import { decodeUdp } from './decode-udp.ts';
import { IpProtocol } from './ip-protocol.ts';
import { LinkType } from './link-type.ts';
import { type Decoding, FIRST_LAYER, Layer, type Outcome } from './decoding.ts';

/** Offsets in an untagged Ethernet frame with an IPv4 header without options. */
const Usual = {
  etherType: 12,
  ip: 14,
  versionAndLength: 14,
  totalLength: 16,
  fragment: 20,
  protocol: 23,
  source: 26,
  destination: 30,
  tcp: 34,
  leastBytes: 54,
} as const;

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
  decoding.look(bytes);
  decoding.begin(start, capturedBytes, originalBytes);
  if (linkType === LinkType.ETHERNET && isUsual(start, capturedBytes, decoding)) {
    stepToTcp(start, packet, decoding);
    return decodeTcp(bytes, packet, decoding) as Outcome;
  }
  const first = linkLayer(linkType);
  if (first === Layer.STOPPED) {
    return decoding.stop('link', start, Problem.LINK_TYPE, linkType) as Outcome;
  }
  const outcome = decodeLayers(first, bytes, packet, decoding);
  return (outcome === Layer.REASSEMBLED ? decodeReassembled(packet, decoding) : outcome) as Outcome;
}

/**
 * Whether an Ethernet frame carries TCP in IPv4 and nothing besides: no tag, option, fragment, tunnel or cut. Nearly
 * all do, and a third of their decoding is saved by two layers in one step; all others go a layer at a time.
 */
function isUsual(start: number, capturedBytes: number, { view, checksums }: Decoding): boolean {
  if (capturedBytes < Usual.leastBytes || checksums) return false;
  const totalBytes = view.getUint16(start + Usual.totalLength);
  return (
    view.getUint16(start + Usual.etherType) === 0x0800 &&
    view.getUint8(start + Usual.versionAndLength) === 0x45 &&
    view.getUint8(start + Usual.protocol) === IpProtocol.TCP &&
    (view.getUint16(start + Usual.fragment) & 0x3fff) === 0 &&
    totalBytes >= Usual.leastBytes - Usual.ip &&
    totalBytes <= capturedBytes - Usual.ip
  );
}

/** Leaves what the Ethernet and IPv4 decoders would leave of such a frame. */
function stepToTcp(start: number, packet: Packet, decoding: Decoding): void {
  const { view } = decoding;
  const totalBytes = view.getUint16(start + Usual.totalLength);
  packet.ipVersion = 4;
  packet.source0 = 0;
  packet.source1 = 0;
  packet.source2 = 0;
  packet.source3 = view.getInt32(start + Usual.source);
  packet.destination0 = 0;
  packet.destination1 = 0;
  packet.destination2 = 0;
  packet.destination3 = view.getInt32(start + Usual.destination);
  packet.ipBytes = totalBytes;
  packet.ipLengthIsZero = 0;
  decoding.at = start + Usual.tcp;
  decoding.end = start + Usual.ip + totalBytes;
  decoding.wireEnd = decoding.end;
  decoding.headerBytes = Usual.tcp;
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
    decoding.look(whole.bytes);
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
