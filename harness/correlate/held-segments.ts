import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { Hold } from '../model/observation.ts';
import { Flag, hasFlags, type Segment, sequenceLength } from '../model/segment.ts';
import { seqAdd, seqDistance } from '../model/sequence-number.ts';
import type { ClockMap } from './clocks.ts';

/**
 * The segments of one connection that a gate kept from their receiver: those during which it surely held, clock error
 * taken off, and, while it was being released, those that what came later does not show to have been received.
 */
export function heldSegments(
  segments: readonly Segment[],
  holds: readonly Hold[],
  clock: ClockMap | undefined,
): ReadonlySet<Segment> {
  if (clock === undefined) return new Set();
  const isHeld = (segment: Segment, index: number): boolean => {
    const certainties = holds.map((hold) => certaintyOf(hold, segment, clock));
    if (certainties.includes('held')) return true;
    return certainties.includes('unknown') && !seemsReceived(segment, segments.slice(index + 1));
  };
  return new Set(segments.filter(isHeld));
}

function certaintyOf(
  { source, destination, flags, fromNs, toNs, releasedNs }: Hold,
  segment: Segment,
  { offsetNs, errorNs }: ClockMap,
): 'held' | 'unknown' | 'passed' {
  const atNs = segment.capturedAtNs - offsetNs;
  const isMeant =
    hasFlags(segment, flags) && isPart(source, segment.source) && isPart(destination, segment.destination);
  if (!isMeant || atNs - errorNs < fromNs) return 'passed';
  if (toNs === undefined || atNs + errorNs <= toNs) return 'held';
  return releasedNs === undefined || atNs - errorNs < releasedNs ? 'unknown' : 'passed';
}

/**
 * What takes sequence space was received if it was acknowledged before it was sent again. What takes none is never
 * acknowledged: it was received unless the other end goes on as if it had not been.
 */
function seemsReceived(segment: Segment, later: readonly Segment[]): boolean {
  const takesSpace = sequenceLength(segment) > 0;
  for (const next of later) {
    const isAnswer = !sameEndpoint(next.source, segment.source);
    if (!takesSpace && isAnswer && ignores(next, segment)) return false;
    if (takesSpace && isAnswer && acknowledges(next, segment)) return true;
    if (takesSpace && !isAnswer && repeats(next, segment)) return false;
  }
  return !takesSpace;
}

function acknowledges(answer: Segment, segment: Segment): boolean {
  return hasFlags(answer, Flag.ACK) && seqDistance(endOf(segment), answer.acknowledgmentNumber) >= 0;
}

function repeats(next: Segment, segment: Segment): boolean {
  return sequenceLength(next) > 0 && seqDistance(segment.sequenceNumber, next.sequenceNumber) <= 0;
}

/** Whoever received a RST sends nothing more; whoever received an ACK does not send again what it acknowledged. */
function ignores(answer: Segment, segment: Segment): boolean {
  if (hasFlags(segment, Flag.RST)) return true;
  return sequenceLength(answer) > 0 && seqDistance(endOf(answer), segment.acknowledgmentNumber) >= 0;
}

function endOf(segment: Segment): number {
  return seqAdd(segment.sequenceNumber, sequenceLength(segment));
}

function isPart(part: Partial<Endpoint>, whole: Endpoint): boolean {
  return (
    (part.address === undefined || part.address === whole.address) &&
    (part.port === undefined || part.port === whole.port)
  );
}
