import { otherSide, type Side, type TrackedSegment } from '../../model/connection.ts';
import type { Arrival, Unit } from './arrivals.ts';
import { acknowledges, isPlainAck } from './demand.ts';
import type { ExpectedSegment } from './expected-segments.ts';

/** Where a line of ACK stands: within a segment, behind so many of its units, and octets of the next. */
export interface Place {
  readonly unit: number;
  readonly octets: number;
}

/** What each side had acknowledged, and sent, before the segment that is looked at. */
export class Acknowledged {
  readonly #acked: Record<Side, number | undefined> = { client: undefined, server: undefined };
  readonly #next: Record<Side, number | undefined> = { client: undefined, server: undefined };

  /** Remembers a segment once all ways have looked at it. */
  note({ tracked, next, otherNext }: Arrival): void {
    const { from, acknowledgment, delivered } = tracked;
    // In a capture that begins within a connection, numbers of an end that has not spoken are relative to nothing.
    if (delivered && acknowledgment !== undefined && otherNext !== undefined)
      this.#acked[from] = Math.max(this.#acked[from] ?? 0, acknowledgment);
    this.#next[from] = next;
  }

  /** Whether its sender had acknowledged so much before, and any acknowledgement will do. */
  covers(segment: ExpectedSegment, need: number): boolean {
    const acked = this.#acked[segment.from];
    return isPlainAck(segment) && acked !== undefined && acked >= need;
  }

  /** Whether it had acknowledged all that the other end has sent. */
  coversAll(segment: ExpectedSegment): boolean {
    return this.covers(segment, segment.acknowledgment ?? this.#next[otherSide(segment.from)] ?? -Infinity);
  }
}

/** How much a line of ACK asks for: what it says, or how far the other end's octets have come where it stands. */
export function needOf(segment: ExpectedSegment, place: Place, arrival: Arrival): number {
  return segment.acknowledgment ?? sentBefore(segment, place, arrival) ?? -Infinity;
}

function sentBefore(
  { from }: ExpectedSegment,
  { unit, octets }: Place,
  { tracked, units, next, otherNext }: Arrival,
): number | undefined {
  if (tracked.from === from) return otherNext;
  const ahead = units[unit];
  return ahead === undefined || ahead.kind === 'RST' ? next : ahead.at + octets;
}

/** Whether a segment brings the acknowledgement that a line asks for. One that never arrives brings none. */
export function brings(expected: ExpectedSegment, tracked: TrackedSegment, need: number): boolean {
  return tracked.delivered && acknowledges(expected, tracked, need);
}

/** Behind a RST no ACK comes any more. */
export function endsAll({ kind, mayBeIgnored }: Unit): boolean {
  return kind === 'RST' && !mayBeIgnored;
}
