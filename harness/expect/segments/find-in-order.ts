import type { TrackedSegment } from '../../model/connection.ts';
import { sequenceLength } from '../../model/segment.ts';
import { mayCount } from './demand.ts';
import type { ExpectedSegment } from './expected-segments.ts';
import { isOfKind, Part, partOf } from './segment-pattern.ts';

/**
 * The first segments of these kinds that arrived, one behind the other, as far as they are there. An ACK may ride on
 * data and both on a FIN (RFC 9293 §3.6, a close in three segments): then one segment is of several kinds, in that order.
 */
export function findInOrder(
  segments: readonly TrackedSegment[],
  patterns: readonly ExpectedSegment[],
): TrackedSegment[] {
  const found: TrackedSegment[] = [];
  let from = 0;
  for (const [nth, pattern] of patterns.entries()) {
    const at = segments.findIndex((tracked, index) => {
      return index >= from && isArrivalOf(pattern, tracked) && acknowledgesAll(pattern, tracked, found);
    });
    const next = segments[at];
    if (next === undefined) return found;
    found.push(next);
    from = mayRideWith(pattern, patterns[nth + 1]) ? at : at + 1;
  }
  return found;
}

/** Whether a segment is of this kind and counts: what never arrived does so only where the line asks for it. */
export function isArrivalOf(pattern: ExpectedSegment, tracked: TrackedSegment): boolean {
  return isOfKind(pattern, tracked) && mayCount(pattern, tracked);
}

/** Whether what the later line names may stand behind what the earlier names, within one segment. */
function mayRideWith(earlier: ExpectedSegment, later: ExpectedSegment | undefined): boolean {
  const [first, second] = [partOf(earlier), later && partOf(later)];
  return first !== undefined && second !== undefined && first < second;
}

/** A line of ACK means an acknowledgement of all that the lines above it name of the other end. */
function acknowledgesAll(
  pattern: ExpectedSegment,
  { acknowledgment = -Infinity }: TrackedSegment,
  found: readonly TrackedSegment[],
): boolean {
  if (partOf(pattern) !== Part.ACK || pattern.acknowledgment !== undefined) return true;
  return found.every(({ from, sequence, segment }) => {
    return from === pattern.from || acknowledgment >= sequence + sequenceLength(segment);
  });
}
