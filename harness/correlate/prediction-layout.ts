/**
 * Where HeaderPrediction keeps what it knows of a connection: words and doubles of one slot side by side in one buffer,
 * so that a packet finds them in few cache lines.
 */

/** Places of a connection's 32-bit words, then those of each end's. */
export const Word = {
  STAGE: 0,
  REUSED: 1,
  LETTERS: 2,
  HISTORY0: 3,
  HISTORY1: 4,
  /** The client's window scale option, then the server's. */
  SCALES: 5,
  ENDS: 8,
} as const;
export const End = {
  ISS: 0,
  NXT: 1,
  ACKNOWLEDGED: 2,
  UNA: 3,
  PACKETS: 4,
  SEEN: 5,
  WINDOW: 6,
  /** By which its windows are to be shifted. */
  SHIFT: 7,
  /** The octet after the last one that its window admits. */
  EDGE: 8,
  TIMED_END: 9,
  ROUND_TRIPS: 10,
  FIN_PACKET: 11,
  FIN_ACK_PACKET: 12,
  CONTROL_FLAGS: 13,
  CONTROL_SEQUENCE: 14,
  CONTROL_ACKNOWLEDGMENT: 15,
  CONTROL_FRAME: 16,
} as const;
export const END_WORDS: number = 18;
/** Places of a connection's doubles, behind its words, then those of each end's. */
export const Double = {
  FIRST: 0,
  LAST: 1,
  LAST_OPEN: 2,
  HANDSHAKE: 3,
  AFTER_FIN: 4,
  SYN_ACK: 5,
  ENDS: 6,
} as const;
export const EndDouble = {
  BYTES: 0,
  IP_BYTES: 1,
  LAST: 2,
  NXT_AT: 3,
  TIMED_AT: 4,
  ROUND_TRIP_MIN: 5,
  ROUND_TRIP_MAX: 6,
  ROUND_TRIP_SUM: 7,
  FIN: 8,
  FIN_ACK: 9,
} as const;
export const END_DOUBLES: number = 10;
const WORDS = Word.ENDS + 2 * END_WORDS;
export const FIRST_DOUBLE: number = WORDS / 2;
/** In doubles. */
export const STRIDE: number = FIRST_DOUBLE + Double.ENDS + 2 * END_DOUBLES;

/** Bits of {@link End.SEEN}. */
export const Seen = { ACK: 1, DATA: 2, FIN: 4, FIN_TAKEN: 8, TIMING: 16 } as const;

/** Times are ns since the capture's first packet; those of round trips are seconds. */
export const SECOND_NS = 1e9;

/** RoundTrips needs no storage for so many. */
export const SAMPLES_IN_WORDS: number = 3;
