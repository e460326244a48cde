import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { Hold } from '../model/observation.ts';
import { Flag, hasFlags, type Segment, sequenceLength } from '../model/segment.ts';
import { seqAdd, seqDistance } from '../model/sequence-number.ts';
import type { ClockMap } from './clocks.ts';

/** What gates did to the segments of one connection. */
export interface Interference {
  /** Kept from their receiver. */
  readonly held: ReadonlySet<Segment>;
  /** RSTs that a gate sent in the name of an end, which knows nothing of them. */
  readonly injected: ReadonlySet<Segment>;
}

/**
 * Held are the segments during which a gate surely held, clock error taken off, and, while it was being released,
 * those that what came later does not show to have been received.
 * @param all of the run, where the segments of a gate that counts them are counted
 */
export function interferenceWith(
  segments: readonly Segment[],
  holds: readonly Hold[],
  clock: ClockMap | undefined,
  all: readonly Segment[] = segments,
): Interference {
  const nothing = { held: new Set<Segment>(), injected: new Set<Segment>() };
  if (clock === undefined || holds.length === 0) return nothing;
  const held = new Set<Segment>();
  const injected = new Set<Segment>();
  for (const hold of holds) {
    // A count that leaves out what is not certain would be wrong for all that follows.
    const exact = hold.nth === undefined ? clock : { ...clock, errorNs: 0n };
    const counted = hold.nth === undefined ? undefined : countedBy(hold, all, exact);
    for (const [index, segment] of segments.entries()) {
      const certainty = certaintyOf(hold, segment, exact);
      if (certainty === 'passed' || counted?.has(segment) === false) continue;
      if (certainty === 'unknown' && seemsReceived(segment, segments.slice(index + 1))) continue;
      held.add(segment);
      const answer = hold.resets === true ? resetFor(segment, segments.slice(index + 1)) : undefined;
      if (answer !== undefined) injected.add(answer);
    }
  }
  return { held, injected };
}

/** Those whose turn it was, of all that matched since the gate held. */
function countedBy(hold: Hold, all: readonly Segment[], clock: ClockMap): ReadonlySet<Segment> {
  const matching = all.filter((segment) => certaintyOf(hold, segment, clock) !== 'passed');
  return new Set(matching.filter((_, index) => hold.nth?.includes(index + 1) === true));
}

/** RFC 9293 §3.5.2: the RST for a segment takes its number from that segment's acknowledgement. */
function resetFor(segment: Segment, later: readonly Segment[]): Segment | undefined {
  return later.find((answer) => {
    if (!hasFlags(answer, Flag.RST) || !sameEndpoint(answer.source, segment.destination)) return false;
    return hasFlags(segment, Flag.ACK)
      ? answer.sequenceNumber === segment.acknowledgmentNumber
      : answer.acknowledgmentNumber === endOf(segment);
  });
}

function certaintyOf(
  { source, destination, flags, without = 0, fromNs, toNs, releasedNs }: Hold,
  segment: Segment,
  { offsetNs, errorNs }: ClockMap,
): 'held' | 'unknown' | 'passed' {
  const atNs = segment.capturedAtNs - offsetNs;
  const isMeant =
    hasFlags(segment, flags) &&
    (segment.flags & without) === 0 &&
    isPart(source, segment.source) &&
    isPart(destination, segment.destination);
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
