import { type DecodeIssue, ISSUE_LAYERS, type IssueLayer, Problem, problemText } from './decode-issue.ts';
import type { FragmentTable } from './fragment-table.ts';

/** What became of a frame. */
export const Outcome = {
  /** It carries no TCP, or none that is ours to read: ARP, ICMP, UDP, encrypted. */
  OTHER: 0,
  /** The packet is filled. With an issue, that one concerns the TCP options only. */
  TCP: 1,
  /** A fragment that does not complete its datagram. */
  FRAGMENT: 2,
  /** Its bytes cannot be decoded up to TCP; the issue says why. */
  STOPPED: 3,
} as const;

export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/**
 * What a layer's decoder says comes next: one of the outcomes (below {@link FIRST_LAYER}), or another layer.
 * Layers follow each other in a loop, not by recursion, so that a hostile frame cannot nest without bound.
 */
export const Layer = {
  OTHER: 0,
  TCP: 1,
  FRAGMENT: 2,
  STOPPED: 3,
  /** A fragment that completes its datagram, which is then decoded in the frame's place. */
  REASSEMBLED: 4,
  ETHERNET: 5,
  IPV4: 6,
  IPV6: 7,
  TCP_HEADER: 8,
  UDP_HEADER: 9,
  VLAN: 10,
  MPLS: 11,
  PBB: 12,
  PPPOE: 13,
  PPP: 14,
  PPP_HDLC: 15,
  PPP_PPPD: 16,
  PPP_WITH_DIR: 17,
  C_HDLC: 18,
  LLC: 19,
  SLL: 20,
  SLL2: 21,
  RAW: 22,
  FAMILY: 23,
  IEEE802_11: 24,
  RADIOTAP: 25,
  GRE: 26,
  ERSPAN2: 27,
  ERSPAN3: 28,
  VXLAN: 29,
  GENEVE: 30,
  AUTHENTICATION: 31,
  ETHER_IP: 32,
} as const;

export const FIRST_LAYER: number = Layer.ETHERNET;

export interface DecodingOptions {
  /** Verify IPv4 and TCP checksums of packets that were captured whole. @default false */
  readonly checksums?: boolean;
  /** Where fragments wait for the rest; without it they stay fragments. */
  readonly fragments?: FragmentTable;
}

/**
 * A frame's decoding under way, and what it left: one instance serves any number of frames.
 * Offsets are into the array of bytes that is being decoded, unless said otherwise.
 */
export class Decoding {
  readonly checksums: boolean;
  readonly fragments: FragmentTable | undefined;

  /** Where the frame starts. */
  start = 0;
  /** The layer that is next starts here. */
  at = 0;
  /** End of what was captured of the innermost packet. */
  end = 0;
  /** End of the innermost packet as it was on the wire: beyond `end` when the capture cut it. */
  wireEnd = 0;

  /** What the innermost IP header allows to say of checksums: 1 right, 0 wrong, -1 nothing. */
  ipChecksum = -1;
  /** Octets of the frame that are headers; what follows is payload or was not understood. */
  headerBytes = 0;
  /** The innermost UDP payload, as far as captured; -1 when the frame has none. */
  udpPayloadStart = -1;
  udpPayloadEnd = -1;

  #problem: Problem = Problem.NONE;
  #issueLayer = 0;
  #issueOffset = 0;
  #issueA = 0;
  #issueB = 0;

  constructor({ checksums = false, fragments }: DecodingOptions = {}) {
    this.checksums = checksums;
    this.fragments = fragments;
  }

  begin(start: number, capturedBytes: number, originalBytes: number): void {
    this.start = start;
    this.at = start;
    this.end = start + capturedBytes;
    this.wireEnd = start + originalBytes;
    this.headerBytes = 0;
    this.udpPayloadStart = -1;
    this.udpPayloadEnd = -1;
    this.ipChecksum = -1;
    this.#problem = Problem.NONE;
  }

  /** Steps over a header of so many octets. */
  step(octets: number): void {
    this.at += octets;
    this.headerBytes = Math.min(this.at, this.end) - this.start;
  }

  /** The innermost packet ends here, which padding and outer trailers do not. */
  narrow(packetEnd: number): void {
    this.wireEnd = packetEnd;
    if (packetEnd < this.end) this.end = packetEnd;
  }

  /** What stopped the last frame, or its TCP options; made when asked for. */
  get issue(): DecodeIssue | undefined {
    if (this.#problem === Problem.NONE) return undefined;
    return {
      layer: ISSUE_LAYERS[this.#issueLayer] ?? 'link',
      offset: this.#issueOffset,
      problem: problemText(this.#problem, this.#issueA, this.#issueB),
    };
  }

  /** Notes what is wrong at an offset. */
  note(layer: IssueLayer, offset: number, problem: Problem, a = 0, b = 0): void {
    this.#issueLayer = ISSUE_LAYERS.indexOf(layer);
    this.#issueOffset = offset - this.start;
    this.#problem = problem;
    this.#issueA = a;
    this.#issueB = b;
  }

  stop(layer: IssueLayer, offset: number, problem: Problem, a = 0, b = 0): number {
    this.note(layer, offset, problem, a, b);
    return Layer.STOPPED;
  }

  /** The header at `offset` needs more octets than were captured: all that there is of it is header. */
  cut(layer: IssueLayer, offset: number, needed: number): number {
    this.headerBytes = this.end - this.start;
    return this.stop(layer, offset, Problem.CUT, this.end - offset, needed);
  }
}
