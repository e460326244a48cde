/** Segments as their receiver takes them: what each adds to what had come before, in the order of the octets. */
import { otherSide, type TrackedSegment } from '../../model/connection.ts';
import { Flag, hasFlags } from '../../model/segment.ts';

/** Something that must be expected: it takes sequence space, or resets. */
export interface Unit {
  readonly kind: 'SYN' | 'SYN,ACK' | 'data' | 'FIN' | 'RST';
  /** The segment that brought it; not that of the arrival, when it had to wait for octets before it. */
  readonly of: TrackedSegment;
  /** Relative sequence number at which it begins. */
  readonly at: number;
  /** Of data; 1 otherwise. */
  readonly octets: number;
  /** Whether it may come though nobody named it: a RST behind its sender's first answers a straggler. */
  readonly mayBeIgnored: boolean;
}

/**
 * A segment with the units that were complete once it had come: none for an ACK, a retransmission, or a segment that
 * never arrived.
 */
export interface Arrival {
  readonly tracked: TrackedSegment;
  readonly units: readonly Unit[];
  /** Relative sequence number behind all that has come from its sender without a gap, and from the other end. */
  readonly next: number | undefined;
  readonly otherNext: number | undefined;
  /** Whether it acknowledges what the other end has not sent. */
  readonly acknowledgesUnsent: boolean;
}

export function arrivalsOf(segments: readonly TrackedSegment[]): Arrival[] {
  const streams = { client: new Stream(), server: new Stream() };
  return segments.map((tracked) => {
    const [own, other] = [streams[tracked.from], streams[otherSide(tracked.from)]];
    const { acknowledgment } = tracked;
    return {
      tracked,
      units: own.take(tracked),
      next: own.next,
      otherNext: other.next,
      acknowledgesUnsent:
        acknowledgment !== undefined && other.end !== undefined && acknowledgment > other.end,
    };
  });
}

/** One direction, put together again. */
class Stream {
  /** Behind all that came without a gap. */
  next: number | undefined;
  /** Behind the furthest that came. */
  end: number | undefined;
  #waiting: TrackedSegment[] = [];
  #seen: { SYN?: true; 'SYN,ACK'?: true; RST?: true } = {};

  take(tracked: TrackedSegment): Unit[] {
    const { segment, sequence, delivered } = tracked;
    // Sent it was: an acknowledgement of it is none of octets that were never sent.
    if (!delivered) {
      if (!hasFlags(segment, Flag.RST)) this.end = Math.max(this.end ?? sequence, endOf(tracked));
      return [];
    }
    if (hasFlags(segment, Flag.RST)) return [this.#reset(tracked)];
    const isStray = hasFlags(segment, Flag.SYN) && this.next !== undefined && sequence !== 0;
    if (isStray) return [synOf(tracked)];
    this.next ??= sequence;
    this.end = Math.max(this.end ?? sequence, endOf(tracked));
    if (sequence > this.next) {
      if (endOf(tracked) > sequence) this.#waiting.push(tracked);
      return [];
    }
    const units = this.#append(tracked);
    return [...units, ...this.#appendWaiting()];
  }

  #appendWaiting(): Unit[] {
    const units: Unit[] = [];
    for (;;) {
      const ready = this.#waiting.find(({ sequence }) => sequence <= (this.next ?? 0));
      if (ready === undefined) return units;
      this.#waiting = this.#waiting.filter((each) => each !== ready);
      units.push(...this.#append(ready));
    }
  }

  #append(tracked: TrackedSegment): Unit[] {
    const { segment, sequence } = tracked;
    const units: Unit[] = [];
    let { next = sequence } = this;
    let at = sequence;
    if (hasFlags(segment, Flag.SYN)) {
      const kind = kindOfSyn(tracked);
      // A SYN,ACK behind a SYN of the same number: simultaneous open (RFC 9293 §3.5, Figure 7).
      if (this.#seen[kind] === undefined) units.push(synOf(tracked));
      this.#seen[kind] = true;
      at += 1;
      next = Math.max(next, at);
    }
    const dataEnd = at + segment.payloadBytes;
    if (dataEnd > next) {
      units.push({ kind: 'data', of: tracked, at: next, octets: dataEnd - next, mayBeIgnored: false });
      next = dataEnd;
    }
    if (hasFlags(segment, Flag.FIN) && dataEnd >= next) {
      units.push({ kind: 'FIN', of: tracked, at: dataEnd, octets: 1, mayBeIgnored: false });
      next = dataEnd + 1;
    }
    this.next = next;
    return units;
  }

  #reset(tracked: TrackedSegment): Unit {
    const mayBeIgnored = this.#seen.RST === true;
    this.#seen.RST = true;
    return { kind: 'RST', of: tracked, at: tracked.sequence, octets: 1, mayBeIgnored };
  }
}

function kindOfSyn({ segment }: TrackedSegment): 'SYN' | 'SYN,ACK' {
  return hasFlags(segment, Flag.ACK) ? 'SYN,ACK' : 'SYN';
}

function synOf(tracked: TrackedSegment): Unit {
  return { kind: kindOfSyn(tracked), of: tracked, at: tracked.sequence, octets: 1, mayBeIgnored: false };
}

function endOf({ segment, sequence }: TrackedSegment): number {
  const syn = hasFlags(segment, Flag.SYN) ? 1 : 0;
  const fin = hasFlags(segment, Flag.FIN) ? 1 : 0;
  return sequence + segment.payloadBytes + syn + fin;
}
