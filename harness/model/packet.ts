/**
 * One TCP packet as numbers: a single instance is filled again and again by `wire/` and read by `correlate/`, so that
 * a capture of millions allocates nothing per packet. Every field always holds a number of the same kind, which keeps
 * the object's shape and representation fixed for the engine.
 */
export class Packet {
  /** Ordinal of the frame in its capture, from 1. */
  frame = 0;
  /** Capture time: whole seconds since the epoch, and the nanoseconds within them. */
  seconds = 0;
  nanoseconds = 0;
  /** Ns since the first packet that the engine saw; the engine sets it. A field, for an argument would be boxed. */
  atNs: number = Number.NaN;

  /** 4 or 6. */
  ipVersion = 0;
  /** Addresses as 32-bit words, most significant first, signed; an IPv4 address is in the fourth, the others are 0. */
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  /** Octets of the IP packet, headers and all, by its length field (or by the frame where that is 0). */
  ipBytes = 0;
  /** 1 where that field is 0 (segmentation offload, a jumbogram): `ipBytes` is then what the frame holds. */
  ipLengthIsZero = 0;

  sourcePort = 0;
  destinationPort = 0;
  /** Signed 32 bits (`| 0`), to be compared by difference only. */
  sequenceNumber = 0;
  /** Signed 32 bits; meaningless without ACK. */
  acknowledgmentNumber = 0;
  /** Control bits as in {@link Flag}. */
  flags = 0;
  /** The header's field, unscaled. */
  window = 0;
  /** Octets of payload by the IP length, whether captured or not. */
  payloadBytes = 0;
  /** 1: the TCP checksum is right; 0: it is wrong; -1: not examined, or not all of the packet was captured. */
  checksum = -1;

  /** Options; -1 (or 0 for the flags) where absent. */
  mss = -1;
  windowScale = -1;
  sackPermitted = 0;
  /** 1 with a Fast Open option (RFC 7413, kind 34 or experimental 254). */
  fastOpen = 0;
  hasTimestamps = 0;
  /** Signed 32 bits. */
  timestampValue = 0;
  timestampEcho = 0;
  sackBlockCount = 0;
  /** Left and right edges in turn, signed 32 bits; `2 × sackBlockCount` of them are valid. */
  readonly sackEdges: Int32Array = new Int32Array(8);
}
