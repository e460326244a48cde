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
