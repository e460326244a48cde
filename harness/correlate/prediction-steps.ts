/** What segments that were expected change in HeaderPrediction's arrays, once they have been taken. */
import type { Packet } from '../model/packet.ts';
import {
  Double,
  End,
  END_DOUBLES,
  END_WORDS,
  EndDouble,
  FIRST_DOUBLE,
  SECOND_NS,
  Seen,
  STRIDE,
  Word,
} from './prediction-layout.ts';
import { zeekIpBytes } from './zeek-connection.ts';
import { Letter, LETTER_BITS, LETTERS_PER_WORD, RESPONDER } from './zeek-history.ts';

/** A SYN or SYN,ACK: what it tells of its sender. */
export function sendSyn(
  words: Int32Array,
  doubles: Float64Array,
  slot: number,
  side: number,
  packet: Packet,
): void {
  const { flags, sequenceNumber, acknowledgmentNumber, window, windowScale } = packet;
  const base = slot * STRIDE * 2;
  const end = base + Word.ENDS + side * END_WORDS;
  const nxt = (sequenceNumber + 1) | 0;
  words[base + Word.SCALES + side] = windowScale;
  words[end + End.ISS] = sequenceNumber;
  words[end + End.NXT] = nxt;
  words[end + End.ACKNOWLEDGED] = acknowledgmentNumber;
  words[end + End.UNA] = sequenceNumber;
  words[end + End.PACKETS] = 1;
  words[end + End.SEEN] = Seen.TIMING;
  words[end + End.WINDOW] = window;
  words[end + End.SHIFT] = 0;
  // The window in a SYN is never scaled (RFC 7323 §2.2).
  words[end + End.EDGE] = (acknowledgmentNumber + window) | 0;
  words[end + End.TIMED_END] = nxt;
  words[end + End.ROUND_TRIPS] = 0;
  words[end + End.CONTROL_FLAGS] = flags;
  words[end + End.CONTROL_SEQUENCE] = sequenceNumber;
  words[end + End.CONTROL_ACKNOWLEDGMENT] = acknowledgmentNumber;
  words[end + End.CONTROL_FRAME] = packet.frame;
  const at = slot * STRIDE + FIRST_DOUBLE;
  const endAt = at + Double.ENDS + side * END_DOUBLES;
  doubles[at + Double.LAST] = packet.atNs;
  doubles[at + Double.LAST_OPEN] = packet.atNs;
  doubles[endAt + EndDouble.BYTES] = 0;
  doubles[endAt + EndDouble.IP_BYTES] = zeekIpBytes(packet);
  doubles[endAt + EndDouble.LAST] = packet.atNs;
  doubles[endAt + EndDouble.NXT_AT] = packet.atNs;
  doubles[endAt + EndDouble.TIMED_AT] = packet.atNs / SECOND_NS;
  noteLetter(words, base, side === 0 ? Letter.SYN : Letter.SYN_ACK, side);
}

/** What every segment tells of its sender. */
export function sendAny(
  words: Int32Array,
  doubles: Float64Array,
  slot: number,
  side: number,
  packet: Packet,
): void {
  const end = slot * STRIDE * 2 + Word.ENDS + side * END_WORDS;
  const { acknowledgmentNumber, window } = packet;
  words[end + End.PACKETS] = (words[end + End.PACKETS] ?? 0) + 1;
  words[end + End.ACKNOWLEDGED] = acknowledgmentNumber;
  words[end + End.WINDOW] = window;
  words[end + End.EDGE] = (acknowledgmentNumber + (window << (words[end + End.SHIFT] ?? 0))) | 0;
  const at = slot * STRIDE + FIRST_DOUBLE;
  const endAt = at + Double.ENDS + side * END_DOUBLES;
  doubles[at + Double.LAST] = packet.atNs;
  if (!bothSentFin(words, slot)) doubles[at + Double.LAST_OPEN] = packet.atNs;
  doubles[endAt + EndDouble.LAST] = packet.atNs;
  doubles[endAt + EndDouble.IP_BYTES] = (doubles[endAt + EndDouble.IP_BYTES] ?? 0) + zeekIpBytes(packet);
}

/** What takes sequence space. */
export function sendNew(
  words: Int32Array,
  doubles: Float64Array,
  slot: number,
  side: number,
  packet: Packet,
  fin: number,
): void {
  const base = slot * STRIDE * 2;
  const end = base + Word.ENDS + side * END_WORDS;
  const endAt = slot * STRIDE + FIRST_DOUBLE + Double.ENDS + side * END_DOUBLES;
  const { sequenceNumber, payloadBytes } = packet;
  const nxt = (sequenceNumber + payloadBytes + fin) | 0;
  let seen = words[end + End.SEEN] ?? 0;
  words[end + End.NXT] = nxt;
  doubles[endAt + EndDouble.NXT_AT] = packet.atNs;
  doubles[endAt + EndDouble.BYTES] = (doubles[endAt + EndDouble.BYTES] ?? 0) + payloadBytes;
  if ((seen & Seen.TIMING) === 0) {
    seen |= Seen.TIMING;
    words[end + End.TIMED_END] = nxt;
    doubles[endAt + EndDouble.TIMED_AT] = packet.atNs / SECOND_NS;
  }
  if (fin === 1) {
    seen |= Seen.FIN;
    words[end + End.FIN_PACKET] = packetsOf(words, base);
    words[end + End.CONTROL_FLAGS] = packet.flags;
    words[end + End.CONTROL_SEQUENCE] = sequenceNumber;
    words[end + End.CONTROL_ACKNOWLEDGMENT] = packet.acknowledgmentNumber;
    words[end + End.CONTROL_FRAME] = packet.frame;
    doubles[endAt + EndDouble.FIN] = packet.atNs;
    noteLetter(words, base, Letter.FIN, side);
  } else if ((seen & Seen.DATA) === 0) {
    seen |= Seen.DATA;
    noteLetter(words, base, Letter.DATA, side);
  }
  words[end + End.SEEN] = seen;
}

/** The other side's FIN is acknowledged, for the first time or again. */
export function acknowledgeFin(
  words: Int32Array,
  doubles: Float64Array,
  slot: number,
  side: number,
  packet: Packet,
): void {
  const base = slot * STRIDE * 2;
  const from = base + Word.ENDS + side * END_WORDS;
  const to = base + Word.ENDS + (1 - side) * END_WORDS;
  const at = slot * STRIDE + FIRST_DOUBLE;
  const seen = words[to + End.SEEN] ?? 0;
  if ((seen & Seen.FIN_TAKEN) === 0) {
    words[to + End.SEEN] = seen | Seen.FIN_TAKEN;
    words[to + End.FIN_ACK_PACKET] = packetsOf(words, base);
    doubles[at + Double.ENDS + (1 - side) * END_DOUBLES + EndDouble.FIN_ACK] = packet.atNs;
    // Only now is it known to have arrived, with what it acknowledged.
    const told = words[to + End.CONTROL_ACKNOWLEDGMENT] ?? 0;
    if (((told - (words[from + End.UNA] ?? 0)) | 0) > 0) words[from + End.UNA] = told;
  }
  const closesFirst =
    ((words[from + End.SEEN] ?? 0) & Seen.FIN) === 0 ||
    (words[to + End.FIN_PACKET] ?? 0) < (words[from + End.FIN_PACKET] ?? 0);
  if (closesFirst)
    doubles[at + Double.AFTER_FIN] = (doubles[at + Double.AFTER_FIN] ?? 0) + packet.payloadBytes;
}

/** Writes a letter of the history. */
export function noteLetter(words: Int32Array, base: number, letter: number, side: number): void {
  const letters = words[base + Word.LETTERS] ?? 0;
  const code = side === 0 ? letter : letter | RESPONDER;
  const word = base + Word.HISTORY0 + (letters < LETTERS_PER_WORD ? 0 : 1);
  words[word] = (words[word] ?? 0) | (code << ((letters % LETTERS_PER_WORD) * LETTER_BITS));
  words[base + Word.LETTERS] = letters + 1;
}

function bothSentFin(words: Int32Array, slot: number): boolean {
  const ends = slot * STRIDE * 2 + Word.ENDS;
  return ((words[ends + End.SEEN] ?? 0) & (words[ends + END_WORDS + End.SEEN] ?? 0) & Seen.FIN) !== 0;
}

function packetsOf(words: Int32Array, base: number): number {
  return (
    (words[base + Word.ENDS + End.PACKETS] ?? 0) + (words[base + Word.ENDS + END_WORDS + End.PACKETS] ?? 0)
  );
}
