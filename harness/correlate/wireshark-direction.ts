import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import type { PredictedEnd } from './predicted-connection.ts';
import { DOUBLE } from './representation.ts';
import { MOST_WINDOW_SHIFT } from '../prediction/limits.ts';

export const SCALE_UNKNOWN = -1;
export const SCALE_UNUSED = -2;
/** Beyond 32 bits, so no sequence number at all. */
const NO_SEQUENCE_NUMBER = 2 ** 31;

const BITS = 15;
const NS = 1e9;

/** What few directions need. */
class Findings {
  /** How often each bit of Analysis was given. */
  readonly counts: number[] = new Array<number>(BITS).fill(0);
  /** The number of the first SYN,ACK, which looked right when it came and was replaced. */
  plainSynAck = NO_SEQUENCE_NUMBER;
}

/** Shared by all directions in which nothing was found. Never written. */
const NOTHING = new Findings();

const SynAck = { NONE: 0, PLAIN: 1, OTHER: 2 } as const;

/**
 * What Wireshark remembers of one direction of a stream. Sequence numbers are signed 32 bits; as in Wireshark, 0
 * stands for "none yet" in `next`, `contiguous` and `acknowledged`, so a stream that wraps exactly there is misjudged
 * the same way.
 */
export class WiresharkDirection {
  /** Where sequence numbers start, learned from a SYN, or guessed from the first segment or acknowledgment. */
  base = 0;
  baseKnown = false;
  /** The octet after the highest one sent. */
  next = 0;
  /** When `next` last moved, seconds. */
  nextTime: number = DOUBLE;
  /** The highest acknowledgment that would not be of something unseen. */
  contiguous = 0;
  /** The latest acknowledgment number sent, and when. */
  acknowledged = 0;
  acknowledgedTime: number = DOUBLE;
  /** Duplicates of it; −1 after an acknowledgment of unseen octets of this direction. */
  duplicateAcks = 0;
  /** The latest window field; −1 before any. */
  window = -1;
  /** Bits of Analysis of the latest packet. */
  lastBits = 0;
  /** Segments sent while the other side kept silent. */
  unacknowledged = 0;

  #windowShift = SCALE_UNKNOWN;
  /** The window in a SYN is never scaled (RFC 7323 §2.2), and remains the latest until the first ACK. */
  #windowIsOfSyn = false;
  #synAck: number = SynAck.NONE;
  #findings = NOTHING;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.base = 0;
    this.baseKnown = false;
    this.next = 0;
    this.nextTime = 0;
    this.contiguous = 0;
    this.acknowledged = 0;
    this.acknowledgedTime = 0;
    this.duplicateAcks = 0;
    this.window = -1;
    this.lastBits = 0;
    this.unacknowledged = 0;
    this.#windowShift = SCALE_UNKNOWN;
    this.#windowIsOfSyn = false;
    this.#synAck = SynAck.NONE;
    this.#findings = NOTHING;
  }

  /**
   * Goes on from what was predicted.
   * @param isServer whether its SYN is a SYN,ACK
   * @param shift a shift count, SCALE_UNKNOWN or SCALE_UNUSED
   */
  adopt(end: PredictedEnd, isServer: boolean, shift: number): void {
    this.reset();
    this.#windowShift = shift;
    if (end.packets === 0) return;
    this.base = end.iss;
    this.baseKnown = true;
    this.next = end.nxt;
    this.nextTime = end.nxtNs / NS;
    this.contiguous = end.nxt;
    this.acknowledged = end.acknowledged;
    this.acknowledgedTime = end.lastNs / NS;
    this.window = end.window;
    this.unacknowledged = 1;
    this.#windowIsOfSyn = end.packets === 1;
    if (isServer) this.#synAck = SynAck.PLAIN;
  }

  get hasSent(): boolean {
    return this.window !== -1;
  }

  learnBase({ flags, sequenceNumber }: Packet): void {
    if (this.baseKnown) return;
    this.base = (flags & Flag.SYN) === 0 ? (sequenceNumber - 1) | 0 : sequenceNumber;
    this.baseKnown = true;
  }

  learnBaseFromAck({ acknowledgmentNumber }: Packet): void {
    if (this.baseKnown) return;
    this.base = (acknowledgmentNumber - 1) | 0;
    this.baseKnown = true;
  }

  /**
   * Takes the sequence number of a SYN,ACK for the base.
   * @returns whether the base was another: Wireshark says "ports reused" then.
   */
  replaceBase(sequenceNumber: number): boolean {
    const isOther = this.baseKnown && this.base !== sequenceNumber;
    if (isOther && this.#synAck === SynAck.PLAIN) this.#find().plainSynAck = this.base;
    if (isOther) this.#synAck = SynAck.OTHER;
    else if (this.#synAck === SynAck.NONE) this.#synAck = SynAck.PLAIN;
    this.base = sequenceNumber;
    this.baseKnown = true;
    return isOther;
  }

  /** Whether it is known how to scale the window: both SYNs seen, or one that rules scaling out. */
  get scaleKnown(): boolean {
    return this.#windowShift !== SCALE_UNKNOWN;
  }

  /** The octet after the last one that the latest window admits. */
  get windowEdge(): number {
    const shift = this.#windowIsOfSyn || this.#windowShift === SCALE_UNUSED ? 0 : this.#windowShift;
    return (this.acknowledged + (this.window << shift)) | 0;
  }

  /** To be called once the packet is judged: its own window counts by what was known before. */
  learnWindowScale({ flags, windowScale }: Packet, to: WiresharkDirection): void {
    const isSyn = (flags & Flag.SYN) !== 0;
    const isAck = (flags & Flag.ACK) !== 0;
    if (isSyn) this.#windowIsOfSyn = true;
    else if (isAck) this.#windowIsOfSyn = false;
    if (windowScale >= 0) this.#windowShift = Math.min(windowScale, MOST_WINDOW_SHIFT);
    if (!isSyn) return;
    if (this.#windowShift === SCALE_UNKNOWN) {
      this.#windowShift = SCALE_UNUSED;
      to.#windowShift = SCALE_UNUSED;
    } else if (isAck && to.#windowShift === SCALE_UNUSED) {
      this.#windowShift = SCALE_UNUSED;
    }
  }

  /** Counts each bit that is set. */
  tally(bits: number): void {
    const { counts } = this.#find();
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const index = 31 - Math.clz32(rest & -rest);
      counts[index] = (counts[index] ?? 0) + 1;
    }
  }

  get hasFindings(): boolean {
    return this.#findings !== NOTHING;
  }

  countOf(bit: number): number {
    return this.#findings.counts[31 - Math.clz32(bit)] ?? 0;
  }

  /** Whether the first SYN,ACK was unsuspicious when it came, and the last one has another sequence number. */
  get firstSynAckReplaced(): boolean {
    const { plainSynAck } = this.#findings;
    return plainSynAck !== NO_SEQUENCE_NUMBER && plainSynAck !== this.base;
  }

  #find(): Findings {
    if (this.#findings === NOTHING) this.#findings = new Findings();
    return this.#findings;
  }
}
