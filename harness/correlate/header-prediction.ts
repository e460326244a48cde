import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { RoundTrips } from './loss-and-delay-round-trips.ts';
import { loadConnection, loadRoundTrips } from './load-predicted.ts';
import type { PredictedConnection, PredictedEnd } from './predicted-connection.ts';
import {
  Double,
  End,
  END_DOUBLES,
  END_WORDS,
  EndDouble,
  FIRST_DOUBLE,
  SAMPLES_IN_WORDS,
  Seen,
  STRIDE,
  Word,
} from './prediction-layout.ts';
import { nanoseconds } from './wireshark-rules.ts';
import { zeekIpBytes } from './zeek-connection.ts';
import { Letter, LETTER_BITS, LETTERS_PER_WORD, RESPONDER } from './zeek-history.ts';

const CONTROL = Flag.SYN | Flag.FIN | Flag.RST;
const SYN_ACK = Flag.SYN | Flag.ACK;
const SECOND_NS = 1e9;
/** Analyzers begin to doubt the capture beyond these: Zeek's tcp_max_initial_window, and half of its 10 MiB. */
const MOST_UNANSWERED = 16_384;
const MOST_UNACKNOWLEDGED = 5_242_880;
/** RFC 7323 §2.3. */
const MOST_WINDOW_SHIFT = 14;

/** What became of a packet; after the last one both FINs are acknowledged, and no more is to come but stragglers. */
export const Taken = { NO: 0, YES: 1, LAST: 2 } as const;
export type Taken = (typeof Taken)[keyof typeof Taken];

const Stage = { SYN: 1, SYN_ACK: 2, OPEN: 3 } as const;

/**
 * Van Jacobson's header prediction, for whoever looks on: of a connection that opened by a handshake, the segment
 * that is expected next, in order and saying something new, moves a few numbers in typed arrays, whatever the
 * analyzers would have made of it. Anything else is not taken: its connection is then handed to the analyzers by
 * {@link load}, and they go on as if they had seen all of it. So a segment is analysed at length only where there is
 * something to find. Source: V. Jacobson, "4BSD TCP Header Prediction", ACM CCR 20(2), 1990.
 */
export class HeaderPrediction {
  #words: Int32Array;
  #doubles: Float64Array;
  /** Of ends with more samples than {@link SAMPLES_IN_WORDS}, by 2 × slot + side. */
  readonly #roundTrips = new Map<number, RoundTrips>();

  /** @param slots connections to begin with */
  constructor(slots = 8192) {
    this.#doubles = new Float64Array(slots * STRIDE);
    this.#words = new Int32Array(this.#doubles.buffer);
  }

  /** Ns since the capture's first packet. */
  lastNs(slot: number): number {
    return this.#doubles[slot * STRIDE + FIRST_DOUBLE + Double.LAST] ?? 0;
  }

  /** Whether a SYN of this side with this number begins another connection between the same ports. */
  startsAnother(slot: number, side: number, sequenceNumber: number): boolean {
    const base = slot * STRIDE * 2;
    if (side === 1 && this.#words[base + Word.STAGE] === Stage.SYN) return false;
    return this.#words[base + Word.ENDS + side * END_WORDS + End.ISS] !== sequenceNumber;
  }

  /**
   * Takes a connection's first packet, if that is a SYN like most.
   * @param isReused whether these addresses and ports were a connection before
   * @returns whether it was taken
   */
  begin(slot: number, packet: Packet, isReused: boolean): boolean {
    const { sequenceNumber, window, flags } = packet;
    const nxt = (sequenceNumber + 1) | 0;
    const isPlain =
      (flags & (CONTROL | Flag.ACK)) === Flag.SYN && packet.payloadBytes === 0 && packet.fastOpen === 0;
    // The analyzers that follow Wireshark take 0 for "none yet", of numbers as of times.
    const isNumbered = nxt !== 0 && (packet.seconds !== 0 || packet.nanoseconds !== 0);
    // An acknowledgment number without ACK is garbage, but the analyzers compare the next one with it.
    if (packet.acknowledgmentNumber !== 0) return false;
    if (!isPlain || !isNumbered || window === 0 || packet.checksum === 0) return false;
    this.#reserve(slot);
    const words = this.#words;
    const base = slot * STRIDE * 2;
    words[base + Word.STAGE] = Stage.SYN;
    words[base + Word.REUSED] = isReused ? 1 : 0;
    words[base + Word.LETTERS] = 0;
    words[base + Word.HISTORY0] = 0;
    words[base + Word.HISTORY1] = 0;
    // Of the server no more is read until its SYN,ACK has set the rest.
    words[base + Word.ENDS + END_WORDS + End.PACKETS] = 0;
    words[base + Word.ENDS + END_WORDS + End.SEEN] = 0;
    const doubles = this.#doubles;
    const at = slot * STRIDE + FIRST_DOUBLE;
    doubles[at + Double.FIRST] = packet.atNs;
    doubles[at + Double.HANDSHAKE] = -1;
    doubles[at + Double.AFTER_FIN] = 0;
    this.#sendSyn(slot, 0, packet);
    return true;
  }

  /**
   * Takes the next packet of a connection, if that is the one expected.
   * @param side 0: from who sent the first SYN
   * @returns what became of it; if it was not taken, nothing has changed
   */
  see(slot: number, side: number, packet: Packet): Taken {
    const words = this.#words;
    const base = slot * STRIDE * 2;
    const from = base + Word.ENDS + side * END_WORDS;
    const to = base + Word.ENDS + (1 - side) * END_WORDS;
    if (words[base + Word.STAGE] !== Stage.OPEN) return this.#open(slot, side, packet) ? Taken.YES : Taken.NO;

    const { flags, sequenceNumber, acknowledgmentNumber, payloadBytes, window } = packet;
    if ((flags & (Flag.SYN | Flag.RST | Flag.ACK)) !== Flag.ACK) return Taken.NO;
    if (sequenceNumber !== words[from + End.NXT] || window === 0 || acknowledgmentNumber === 0)
      return Taken.NO;
    if (packet.checksum === 0 || packet.fastOpen === 1 || packet.windowScale !== -1) return Taken.NO;
    const seen = words[from + End.SEEN] ?? 0;
    const peerSeen = words[to + End.SEEN] ?? 0;
    const peerNxt = words[to + End.NXT] ?? 0;
    const fin = (flags & Flag.FIN) === 0 ? 0 : 1;
    const newlyAcknowledged = (acknowledgmentNumber - (words[from + End.ACKNOWLEDGED] ?? 0)) | 0;
    if (newlyAcknowledged < 0 || ((peerNxt - acknowledgmentNumber) | 0) < 0) return Taken.NO;
    const end = (sequenceNumber + payloadBytes) | 0;
    const nxt = (end + fin) | 0;
    const takesSpace = payloadBytes + fin > 0;
    if (takesSpace) {
      if ((seen & Seen.FIN) !== 0 || nxt === 0) return Taken.NO;
      // A FIN that leaves the peer's octets unacknowledged crosses them, or another FIN.
      if (fin === 1 && acknowledgmentNumber !== peerNxt) return Taken.NO;
      if (payloadBytes > 0 && !this.#fits(to, words[from + End.ISS] ?? 0, end)) return Taken.NO;
    } else if (newlyAcknowledged === 0) return Taken.NO;

    this.#sendAny(slot, side, packet);
    if ((peerSeen & Seen.TIMING) !== 0) this.#time(slot, 1 - side, packet);
    if ((peerSeen & Seen.FIN) !== 0 && acknowledgmentNumber === peerNxt) {
      this.#acknowledgeFin(slot, side, packet);
    }
    if (takesSpace) this.#sendNew(slot, side, packet, fin);
    else if ((seen & Seen.ACK) === 0) {
      words[from + End.SEEN] = seen | Seen.ACK;
      this.#note(base, Letter.ACK, side);
    }
    // A FIN and what it acknowledges are under way until it is acknowledged itself.
    if (fin === 0) words[to + End.UNA] = acknowledgmentNumber;
    return (words[from + End.SEEN] ?? 0) & (words[to + End.SEEN] ?? 0) & Seen.FIN_TAKEN
      ? Taken.LAST
      : Taken.YES;
  }

  /** The connection as it stands: for analyzers that are to go on with it, or to be asked about it. */
  load(slot: number, into: PredictedConnection): void {
    loadConnection(this.#words, this.#doubles, slot, into);
    this.#loadMoreRoundTrips(slot, 0, into.client);
    this.#loadMoreRoundTrips(slot, 1, into.server);
  }

  /** Before the handshake is complete: the SYN,ACK, then the ACK of it. */
  #open(slot: number, side: number, packet: Packet): boolean {
    const { flags, sequenceNumber, acknowledgmentNumber, window } = packet;
    const words = this.#words;
    const base = slot * STRIDE * 2;
    const isAnswer = words[base + Word.STAGE] === Stage.SYN;
    const isExpected = isAnswer
      ? side === 1 && (flags & (CONTROL | Flag.ACK)) === SYN_ACK && ((sequenceNumber + 1) | 0) !== 0
      : side === 0 && (flags & (CONTROL | Flag.ACK)) === Flag.ACK;
    const isPlain =
      packet.payloadBytes === 0 && packet.checksum !== 0 && packet.fastOpen === 0 && window !== 0;
    const client = base + Word.ENDS;
    const server = client + END_WORDS;
    const awaited = words[(isAnswer ? client : server) + End.NXT];
    if (!isExpected || !isPlain || acknowledgmentNumber !== awaited || acknowledgmentNumber === 0)
      return false;
    const doubles = this.#doubles;
    const at = slot * STRIDE + FIRST_DOUBLE;
    if (isAnswer) {
      this.#sendSyn(slot, 1, packet);
      this.#agreeOnScale(base);
      words[base + Word.STAGE] = Stage.SYN_ACK;
      doubles[at + Double.SYN_ACK] = packet.atNs;
      this.#time(slot, 0, packet);
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
    this.#sendAny(slot, 0, packet);
    this.#time(slot, 1, packet);
    words[client + End.SEEN] = (words[client + End.SEEN] ?? 0) | Seen.ACK;
    this.#note(base, Letter.ACK, 0);
    return true;
  }

  #sendSyn(slot: number, side: number, packet: Packet): void {
    const { flags, sequenceNumber, acknowledgmentNumber, window, windowScale } = packet;
    const words = this.#words;
    const doubles = this.#doubles;
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
    this.#note(base, side === 0 ? Letter.SYN : Letter.SYN_ACK, side);
  }

  /** RFC 7323 §2.2: both SYNs carry the option, or nobody scales. */
  #agreeOnScale(base: number): void {
    const words = this.#words;
    const client = words[base + Word.SCALES] ?? -1;
    const server = words[base + Word.SCALES + 1] ?? -1;
    if (client < 0 || server < 0) return;
    words[base + Word.ENDS + End.SHIFT] = Math.min(client, MOST_WINDOW_SHIFT);
    words[base + Word.ENDS + END_WORDS + End.SHIFT] = Math.min(server, MOST_WINDOW_SHIFT);
  }

  /** Whether payload that ends there is nothing special: it does not fill the window, nor leave too much unanswered. */
  #fits(to: number, iss: number, end: number): boolean {
    const words = this.#words;
    if (end === words[to + End.EDGE]) return false;
    const acknowledged = words[to + End.ACKNOWLEDGED] ?? 0;
    const outstanding = (end - acknowledged) | 0;
    if (outstanding <= MOST_UNANSWERED) return true;
    return outstanding <= MOST_UNACKNOWLEDGED && acknowledged !== ((iss + 1) | 0);
  }

  /** What every segment tells of its sender. */
  #sendAny(slot: number, side: number, packet: Packet): void {
    const words = this.#words;
    const doubles = this.#doubles;
    const end = slot * STRIDE * 2 + Word.ENDS + side * END_WORDS;
    const { acknowledgmentNumber, window } = packet;
    words[end + End.PACKETS] = (words[end + End.PACKETS] ?? 0) + 1;
    words[end + End.ACKNOWLEDGED] = acknowledgmentNumber;
    words[end + End.WINDOW] = window;
    words[end + End.EDGE] = (acknowledgmentNumber + (window << (words[end + End.SHIFT] ?? 0))) | 0;
    const at = slot * STRIDE + FIRST_DOUBLE;
    const endAt = at + Double.ENDS + side * END_DOUBLES;
    doubles[at + Double.LAST] = packet.atNs;
    if (!this.#bothSentFin(slot)) doubles[at + Double.LAST_OPEN] = packet.atNs;
    doubles[endAt + EndDouble.LAST] = packet.atNs;
    doubles[endAt + EndDouble.IP_BYTES] = (doubles[endAt + EndDouble.IP_BYTES] ?? 0) + zeekIpBytes(packet);
  }

  /** What takes sequence space. */
  #sendNew(slot: number, side: number, packet: Packet, fin: number): void {
    const words = this.#words;
    const doubles = this.#doubles;
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
      words[end + End.FIN_PACKET] = this.#packets(base);
      words[end + End.CONTROL_FLAGS] = packet.flags;
      words[end + End.CONTROL_SEQUENCE] = sequenceNumber;
      words[end + End.CONTROL_ACKNOWLEDGMENT] = packet.acknowledgmentNumber;
      words[end + End.CONTROL_FRAME] = packet.frame;
      doubles[endAt + EndDouble.FIN] = packet.atNs;
      this.#note(base, Letter.FIN, side);
    } else if ((seen & Seen.DATA) === 0) {
      seen |= Seen.DATA;
      this.#note(base, Letter.DATA, side);
    }
    words[end + End.SEEN] = seen;
  }

  /** The other side's FIN is acknowledged, for the first time or again. */
  #acknowledgeFin(slot: number, side: number, packet: Packet): void {
    const words = this.#words;
    const doubles = this.#doubles;
    const base = slot * STRIDE * 2;
    const from = base + Word.ENDS + side * END_WORDS;
    const to = base + Word.ENDS + (1 - side) * END_WORDS;
    const at = slot * STRIDE + FIRST_DOUBLE;
    const seen = words[to + End.SEEN] ?? 0;
    if ((seen & Seen.FIN_TAKEN) === 0) {
      words[to + End.SEEN] = seen | Seen.FIN_TAKEN;
      words[to + End.FIN_ACK_PACKET] = this.#packets(base);
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

  /** The timed segment of a side may be acknowledged. */
  #time(slot: number, side: number, packet: Packet): void {
    const words = this.#words;
    const doubles = this.#doubles;
    const end = slot * STRIDE * 2 + Word.ENDS + side * END_WORDS;
    if (((packet.acknowledgmentNumber - (words[end + End.TIMED_END] ?? 0)) | 0) < 0) return;
    words[end + End.SEEN] = (words[end + End.SEEN] ?? 0) & ~Seen.TIMING;
    const at = slot * STRIDE + FIRST_DOUBLE + Double.ENDS + side * END_DOUBLES;
    const took = packet.atNs / SECOND_NS - (doubles[at + EndDouble.TIMED_AT] ?? 0);
    if (took < 0) return;
    const samples = words[end + End.ROUND_TRIPS] ?? 0;
    words[end + End.ROUND_TRIPS] = samples + 1;
    if (samples >= SAMPLES_IN_WORDS) {
      this.#keepRoundTrip(slot, side, samples, took);
      return;
    }
    const sum = samples === 0 ? 0 : (doubles[at + EndDouble.ROUND_TRIP_SUM] ?? 0);
    doubles[at + EndDouble.ROUND_TRIP_SUM] = sum + took;
    if (samples === 0 || took < (doubles[at + EndDouble.ROUND_TRIP_MIN] ?? 0))
      doubles[at + EndDouble.ROUND_TRIP_MIN] = took;
    if (samples === 0 || took > (doubles[at + EndDouble.ROUND_TRIP_MAX] ?? 0))
      doubles[at + EndDouble.ROUND_TRIP_MAX] = took;
  }

  #keepRoundTrip(slot: number, side: number, samples: number, seconds: number): void {
    const index = 2 * slot + side;
    let roundTrips = this.#roundTrips.get(index);
    if (roundTrips === undefined) {
      roundTrips = new RoundTrips();
      this.#roundTrips.set(index, roundTrips);
    }
    if (samples === SAMPLES_IN_WORDS) loadRoundTrips(this.#doubles, slot, side, samples, roundTrips);
    roundTrips.add(seconds);
  }

  #loadMoreRoundTrips(slot: number, side: number, into: PredictedEnd): void {
    if (into.roundTrips.samples <= SAMPLES_IN_WORDS) return;
    const more = this.#roundTrips.get(2 * slot + side);
    if (more !== undefined) into.roundTrips.adopt(more);
  }

  #bothSentFin(slot: number): boolean {
    const ends = slot * STRIDE * 2 + Word.ENDS;
    const words = this.#words;
    return ((words[ends + End.SEEN] ?? 0) & (words[ends + END_WORDS + End.SEEN] ?? 0) & Seen.FIN) !== 0;
  }

  #packets(base: number): number {
    const words = this.#words;
    return (
      (words[base + Word.ENDS + End.PACKETS] ?? 0) + (words[base + Word.ENDS + END_WORDS + End.PACKETS] ?? 0)
    );
  }

  /** Writes a letter of the history. */
  #note(base: number, letter: number, side: number): void {
    const words = this.#words;
    const letters = words[base + Word.LETTERS] ?? 0;
    const code = side === 0 ? letter : letter | RESPONDER;
    const word = base + (letters < LETTERS_PER_WORD ? Word.HISTORY0 : Word.HISTORY1);
    words[word] = (words[word] ?? 0) | (code << ((letters % LETTERS_PER_WORD) * LETTER_BITS));
    words[base + Word.LETTERS] = letters + 1;
  }

  #reserve(slot: number): void {
    if ((slot + 1) * STRIDE <= this.#doubles.length) return;
    const wider = new Float64Array(Math.max((slot + 1) * STRIDE, this.#doubles.length * 2));
    wider.set(this.#doubles);
    this.#doubles = wider;
    this.#words = new Int32Array(wider.buffer);
  }
}
