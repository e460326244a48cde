/**
 * What one letter of a Zeek history says; upper case when the originator did it, lower case when the responder did.
 * Source: Zeek, scripts/base/protocols/conn/main.zeek.
 */
export const SYN = 1;
export const SYN_ACK = 2;
export const ACK = 3;
export const DATA = 4;
export const FIN = 5;
export const RST = 6;
export const FIN_WITH_RST = 7;
export const SYN_WITH_FIN_OR_RST = 8;
export const BAD_CHECKSUM = 9;
export const GAP = 10;
export const RETRANSMISSION = 11;
export const ZERO_WINDOW = 12;
export const FLIP = 13;

/** Added to a letter of the responder's. */
export const RESPONDER = 0x10;
/** How letters are packed: of five bits each, in the 31 that V8 keeps without a heap number. */
export const BITS = 5;
export const PER_WORD = 6;
