/** The segment that is looked at: the fields of harness/model/packet.ts that matter here. */
export class Segment {
  static frame: i32 = 0;
  /** Ns since the second of the capture's first TCP segment. */
  static atNs: f64 = 0;
  /** Whether its time is the epoch: what follows Wireshark takes that for "none yet". */
  static isAtEpoch: bool = false;
  static ipVersion: i32 = 0;
  static source0: i32 = 0;
  static source1: i32 = 0;
  static source2: i32 = 0;
  static source3: i32 = 0;
  static destination0: i32 = 0;
  static destination1: i32 = 0;
  static destination2: i32 = 0;
  static destination3: i32 = 0;
  /** The source's in the upper half. */
  static ports: i32 = 0;
  /** As Zeek counts them. */
  static ipBytes: i32 = 0;
  static sequenceNumber: i32 = 0;
  static acknowledgmentNumber: i32 = 0;
  static flags: i32 = 0;
  static window: i32 = 0;
  static payloadBytes: i32 = 0;
  static windowScale: i32 = 0;
  /** Whether its checksum is wrong, it carries a Fast Open option, or more payload than a word counts. */
  static isOdd: bool = false;
}

/** Control bits. Source: RFC 9293 §3.1. */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

/** Whether it is without payload, and nothing special about it. */
export function isBare(): bool {
  return Segment.payloadBytes === 0 && !Segment.isOdd && Segment.window !== 0;
}
