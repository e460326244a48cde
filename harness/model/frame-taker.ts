import type { Packet } from './packet.ts';

/** libpcap's MAXIMUM_SNAPLEN, and Wireshark's limit: a frame that claims more is damage, not data. */
export const MAX_FRAME_BYTES = 262_144;

/** How records of a classic pcap are to be read. */
export interface PcapForm {
  /** Source: https://www.tcpdump.org/linktypes.html */
  readonly linkType: number;
  /** Octets of what stands before each frame. */
  readonly recordBytes: number;
  /** Ns that the unit of its fractions of a second takes. */
  readonly fractionNs: number;
  readonly littleEndian: boolean;
}

/** May take frames as they lie, so that they do not come to the visitor. */
export interface FrameTaker {
  /**
   * Whole records of a classic pcap, from `start` on and as many as it likes; counts their frames in the packet.
   * @returns where the first record begins that it did not take
   */
  takeRecords(bytes: Uint8Array, start: number, end: number, form: PcapForm, packet: Packet): number;
  /**
   * One frame of a pcapng; frame and time are in the packet.
   * @returns whether it took it
   */
  takeFrame(
    bytes: Uint8Array,
    start: number,
    capturedBytes: number,
    linkType: number,
    packet: Packet,
  ): boolean;
}
