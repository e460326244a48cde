/** How HeaderPrediction takes the three segments that open a connection. */
import { nanoseconds } from '../model/nanoseconds.ts';
import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { Double, End, END_WORDS, FIRST_DOUBLE, SECOND_NS, Seen, STRIDE, Word } from './prediction-layout.ts';
import type { PredictionRoundTrips } from './prediction-round-trips.ts';
import { noteLetter, sendAny, sendSyn } from './prediction-steps.ts';
import { MOST_WINDOW_SHIFT } from './window-limits.ts';
import { Letter } from './zeek-history.ts';

const CONTROL = Flag.SYN | Flag.FIN | Flag.RST;
const SYN_ACK = Flag.SYN | Flag.ACK;

/** Places in Word.STAGE: what has been taken last. */
export const Stage = { SYN: 1, SYN_ACK: 2, OPEN: 3 } as const;

/** Whether a packet is a SYN like most, which a connection that is to be predicted begins with. */
export function isPlainSyn(packet: Packet): boolean {
  if ((packet.flags & (CONTROL | Flag.ACK)) !== Flag.SYN || !isBare(packet)) return false;
  // An acknowledgment number without ACK is garbage, but the analyzers compare the next one with it.
  if (packet.acknowledgmentNumber !== 0) return false;
  // The analyzers that follow Wireshark take 0 for "none yet", of numbers as of times.
  return ((packet.sequenceNumber + 1) | 0) !== 0 && (packet.seconds !== 0 || packet.nanoseconds !== 0);
}

/** @param isReused whether these addresses and ports were a connection before */
export function takeSyn(
  words: Int32Array,
  doubles: Float64Array,
  slot: number,
  packet: Packet,
  isReused: boolean,
): void {
  const base = slot * STRIDE * 2;
  words[base + Word.STAGE] = Stage.SYN;
  words[base + Word.REUSED] = isReused ? 1 : 0;
  words[base + Word.LETTERS] = 0;
  words[base + Word.HISTORY0] = 0;
  words[base + Word.HISTORY1] = 0;
  // Of the server no more is read until its SYN,ACK has set the rest.
  words[base + Word.ENDS + END_WORDS + End.PACKETS] = 0;
  words[base + Word.ENDS + END_WORDS + End.SEEN] = 0;
  const at = slot * STRIDE + FIRST_DOUBLE;
  doubles[at + Double.FIRST] = packet.atNs;
  doubles[at + Double.AFTER_FIN] = 0;
  sendSyn(words, doubles, slot, 0, packet);
}

/**
 * Takes the SYN,ACK, then the ACK of it, if that is what comes.
 * @returns whether it was taken; if not, nothing has changed
 */
export function takeOpening(
  words: Int32Array,
  doubles: Float64Array,
  roundTrips: PredictionRoundTrips,
  slot: number,
  side: number,
  packet: Packet,
): boolean {
  const { flags, sequenceNumber, acknowledgmentNumber } = packet;
  const base = slot * STRIDE * 2;
  const isAnswer = words[base + Word.STAGE] === Stage.SYN;
  const isExpected = isAnswer
    ? side === 1 && (flags & (CONTROL | Flag.ACK)) === SYN_ACK && ((sequenceNumber + 1) | 0) !== 0
    : side === 0 && (flags & (CONTROL | Flag.ACK)) === Flag.ACK;
  const client = base + Word.ENDS;
  const server = client + END_WORDS;
  const awaited = words[(isAnswer ? client : server) + End.NXT];
  if (!isExpected || !isBare(packet) || acknowledgmentNumber !== awaited || acknowledgmentNumber === 0)
    return false;
  const at = slot * STRIDE + FIRST_DOUBLE;
  if (isAnswer) {
    sendSyn(words, doubles, slot, 1, packet);
    agreeOnScale(words, base);
    words[base + Word.STAGE] = Stage.SYN_ACK;
    doubles[at + Double.SYN_ACK] = packet.atNs;
    roundTrips.see(words, doubles, slot, 0, packet);
    return true;
  }
  if (sequenceNumber !== words[client + End.NXT] || packet.windowScale !== -1) return false;
  // Wireshark would go on to look for a handshake that took no time.
  const first = doubles[at + Double.FIRST] ?? 0;
  if (nanoseconds(packet.atNs / SECOND_NS - first / SECOND_NS) === 0) return false;
  words[base + Word.STAGE] = Stage.OPEN;
  doubles[at + Double.HANDSHAKE] = packet.atNs - first;
  words[client + End.UNA] = sequenceNumber;
  words[server + End.UNA] = acknowledgmentNumber;
  sendAny(words, doubles, slot, 0, packet);
  roundTrips.see(words, doubles, slot, 1, packet);
  words[client + End.SEEN] = (words[client + End.SEEN] ?? 0) | Seen.ACK;
  noteLetter(words, base, Letter.ACK, 0);
  return true;
}

/** Without payload, and nothing special about it. */
function isBare({ payloadBytes, checksum, fastOpen, window }: Packet): boolean {
  return payloadBytes === 0 && checksum !== 0 && fastOpen === 0 && window !== 0;
}

/** RFC 7323 §2.2: both SYNs carry the option, or nobody scales. */
function agreeOnScale(words: Int32Array, base: number): void {
  const client = words[base + Word.SCALES] ?? -1;
  const server = words[base + Word.SCALES + 1] ?? -1;
  if (client < 0 || server < 0) return;
  words[base + Word.ENDS + End.SHIFT] = Math.min(client, MOST_WINDOW_SHIFT);
  words[base + Word.ENDS + END_WORDS + End.SHIFT] = Math.min(server, MOST_WINDOW_SHIFT);
}
