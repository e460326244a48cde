import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { loadConnection } from './load-predicted.ts';
import type { PredictedConnection } from './predicted-connection.ts';
import { Double, End, END_WORDS, FIRST_DOUBLE, Seen, STRIDE, Word } from './prediction-layout.ts';
import { isPlainSyn, Stage, takeOpening, takeSyn } from './prediction-opening.ts';
import { PredictionRoundTrips } from './prediction-round-trips.ts';
import { acknowledgeFin, noteLetter, sendAny, sendNew } from './prediction-steps.ts';
import { Letter } from './zeek-history.ts';
import { MAX_INITIAL_WINDOW, MAX_UNACKNOWLEDGED } from './zeek-reassembly.ts';

/** Well before Zeek begins to doubt the capture. */
const MOST_UNACKNOWLEDGED = MAX_UNACKNOWLEDGED / 2;

/** What became of a packet; after the last one both FINs are acknowledged, and no more is to come but stragglers. */
export const Taken = { NO: 0, YES: 1, LAST: 2 } as const;
export type Taken = (typeof Taken)[keyof typeof Taken];

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
  readonly #roundTrips = new PredictionRoundTrips();

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
    if (!isPlainSyn(packet)) return false;
    this.#reserve(slot);
    takeSyn(this.#words, this.#doubles, slot, packet, isReused);
    return true;
  }

  /**
   * Takes the next packet of a connection, if that is the one expected.
   * @param side 0: from who sent the first SYN
   * @returns what became of it; if it was not taken, nothing has changed
   */
  see(slot: number, side: number, packet: Packet): Taken {
    const words = this.#words;
    const doubles = this.#doubles;
    const base = slot * STRIDE * 2;
    const from = base + Word.ENDS + side * END_WORDS;
    const to = base + Word.ENDS + (1 - side) * END_WORDS;
    if (words[base + Word.STAGE] !== Stage.OPEN)
      return takeOpening(words, doubles, this.#roundTrips, slot, side, packet) ? Taken.YES : Taken.NO;

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

    sendAny(words, doubles, slot, side, packet);
    if ((peerSeen & Seen.TIMING) !== 0) this.#roundTrips.see(words, doubles, slot, 1 - side, packet);
    if ((peerSeen & Seen.FIN) !== 0 && acknowledgmentNumber === peerNxt) {
      acknowledgeFin(words, doubles, slot, side, packet);
    }
    if (takesSpace) sendNew(words, doubles, slot, side, packet, fin);
    else if ((seen & Seen.ACK) === 0) {
      words[from + End.SEEN] = seen | Seen.ACK;
      noteLetter(words, base, Letter.ACK, side);
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
    this.#roundTrips.load(slot, 0, into.client);
    this.#roundTrips.load(slot, 1, into.server);
  }

  /** Whether payload that ends there is nothing special: it does not fill the window, nor leave too much unanswered. */
  #fits(to: number, iss: number, end: number): boolean {
    const words = this.#words;
    if (end === words[to + End.EDGE]) return false;
    const acknowledged = words[to + End.ACKNOWLEDGED] ?? 0;
    const outstanding = (end - acknowledged) | 0;
    if (outstanding <= MAX_INITIAL_WINDOW) return true;
    return outstanding <= MOST_UNACKNOWLEDGED && acknowledged !== ((iss + 1) | 0);
  }

  #reserve(slot: number): void {
    if ((slot + 1) * STRIDE <= this.#doubles.length) return;
    const wider = new Float64Array(Math.max((slot + 1) * STRIDE, this.#doubles.length * 2));
    wider.set(this.#doubles);
    this.#doubles = wider;
    this.#words = new Int32Array(wider.buffer);
  }
}
