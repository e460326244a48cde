import { sameEndpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import { isMeant } from '../model/gate-match.ts';
import type { Hold } from '../model/observation.ts';
import { Flag, hasFlags, type Segment, sequenceLength } from '../model/segment.ts';
import { seqAdd, seqDistance } from '../model/sequence-number.ts';
import type { ClockMap } from './clocks.ts';
import { turnsOf } from './counted-segments.ts';

/** What gates did to the segments of one connection. */
export interface Interference {
  /** Kept from their receiver. */
  readonly held: ReadonlySet<Segment>;
  /** RSTs that a gate sent in the name of an end, which knows nothing of them. */
  readonly injected: ReadonlySet<Segment>;
}

/**
 * Held are the segments during which a gate surely held, clock error taken off, and, while it was being set or
 * released, those that what came later does not show to have been received. Of a gate that counts, those whose turn it
 * was.
 */
export function interferenceWith(
  segments: readonly Segment[],
  holds: readonly Hold[],
  clock: ClockMap | undefined,
): Interference {
  const held = new Set<Segment>();
  const injected = new Set<Segment>();
  if (clock === undefined) return { held, injected };
  for (const hold of holds) {
    const turns = turnsOf(hold, clock);
    for (const [index, segment] of segments.entries()) {
      if (turns?.chosen.has(segment.frame) === false) continue;
      const certainty = certaintyOf(hold, segment, clock);
      if (certainty === 'passed') continue;
      if (certainty === 'unknown' && seemsReceived(segment, segments.slice(index + 1))) continue;
      held.add(segment);
      const answer = hold.resets === true ? resetFor(segment, segments.slice(index + 1)) : undefined;
      if (answer !== undefined) injected.add(answer);
    }
  }
  return { held, injected };
}

/** Gates of which nobody can tell which of these segments they met. */
export function uncertainCounts(
  segments: readonly Segment[],
  holds: readonly Hold[],
  clock: ClockMap | undefined,
): Damage[] {
  if (clock === undefined) return [];
  return holds
    .filter((hold) => turnsOf(hold, clock)?.isCertain === false)
    .filter((hold) => segments.some((segment) => isMeant(hold, segment)))
    .map(() => ({
      lane: 'wire',
      kind: 'fault-uncertain',
      detail: 'a segment came while a gate that counts was being set: which ones it met cannot be told',
    }));
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
  hold: Hold,
  segment: Segment,
  { offsetNs, errorNs }: ClockMap,
): 'held' | 'unknown' | 'passed' {
  const { counted, fromNs, askedNs, toNs, releasedNs } = hold;
  const atNs = segment.capturedAtNs - offsetNs;
  if (!isMeant(hold, segment)) return 'passed';
  const hasBegun = counted !== undefined || atNs - errorNs >= fromNs;
  if (!hasBegun) return askedNs !== undefined && atNs + errorNs >= askedNs ? 'unknown' : 'passed';
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
