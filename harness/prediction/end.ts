/** What is kept of one end of a connection: offsets in octets from where that begins, as in connection.ts. */

export const ISS = 0;
export const NXT = 4;
export const ACKNOWLEDGED = 8;
export const UNA = 12;
export const PACKETS = 16;
/** The bits below. */
export const SEEN = 20;
export const WINDOW = 24;
/** By which its windows are to be shifted. */
export const SHIFT = 28;
/** The octet after the last one that its window admits. */
export const EDGE = 32;
export const TIMED_END = 36;
/** Samples so far. */
export const ROUND_TRIPS = 40;
export const FIN_PACKET = 44;
export const FIN_ACK_PACKET = 48;
export const CONTROL_FLAGS = 52;
export const CONTROL_SEQUENCE = 56;
export const CONTROL_ACKNOWLEDGMENT = 60;
export const CONTROL_FRAME = 64;
/** Doubles from here on: octets, ns as Segment has them, and seconds for all that concerns round trips. */
export const BYTES = 72;
export const IP_BYTES = 80;
export const LAST_AT = 88;
export const NXT_AT = 96;
export const TIMED_AT = 104;
export const ROUND_TRIP_MIN = 112;
export const ROUND_TRIP_MAX = 120;
export const ROUND_TRIP_SUM = 128;
export const FIN_AT = 136;
export const FIN_ACK_AT = 144;

/** Bits of {@link SEEN}: what it has sent, whether its FIN was acknowledged, whether a segment of it is being timed. */
export const SENT_ACK = 1;
export const SENT_DATA = 2;
export const SENT_FIN = 4;
export const FIN_TAKEN = 8;
export const TIMING = 16;

/** Round trips of which min, max and sum tell all. */
export const SAMPLES_IN_DOUBLES = 3;
