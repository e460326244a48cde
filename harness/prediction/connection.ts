/**
 * What is kept of a connection: offsets in octets from where it lies in memory, for the AssemblyScript that writes there
 * and for the TypeScript that reads. Words have 32 bits; doubles are told apart below. All of one connection lies side
 * by side, so that a packet finds it in few cache lines.
 */

/** One of {@link Stage}. */
export const STAGE = 0;
/** 1: these addresses and ports were a connection before. */
export const REUSED = 4;
/** Zeek's history, as ZeekHistory packs it: how many letters, and the words that hold them. */
export const LETTERS = 8;
export const HISTORY0 = 12;
export const HISTORY1 = 16;
/** The SYNs' window scale options, the client's first; -1 without one. */
export const SCALES = 20;
/** From 1, in order of first packets. */
export const ID = 28;
/** 1: its segments were the ones expected so far; 0: a ConnectionRecord follows it. */
export const PREDICTED = 32;
/** 1: it is over and waits for stragglers. */
export const LINGERS = 36;
/** Source and destination address of four words each, the ports in one word, and the IP version. */
export const KEY = 40;
export const KEY_WORDS = 10;
export const HASH = 80;
/** Two words each: the connections after and before it in an order. */
export const OPENED = 84;
export const LINGERING = 92;
/** Doubles from here on: ns as Segment has them, and octets. */
export const FIRST_AT = 104;
export const LAST_AT = 112;
/** As long as not both ends had sent a FIN. */
export const LAST_OPEN_AT = 120;
export const HANDSHAKE = 128;
export const BYTES_AFTER_FIN = 136;
export const SYN_ACK_AT = 144;
/** What is kept of the client's end, as end.ts has it, and then of the server's. */
export const ENDS = 152;
export const END_BYTES = 152;
/** All of it. */
export const CONNECTION_BYTES = 456;

/** Places in {@link STAGE}: what has been taken last. */
export const STAGE_SYN = 1;
export const STAGE_SYN_ACK = 2;
export const STAGE_OPEN = 3;
