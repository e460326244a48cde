import type { Side } from '../model/connection.ts';
import { type Endpoint, formatEndpoint, sameEndpoint } from '../model/endpoint.ts';
import { Flag, hasFlags, type Segment } from '../model/segment.ts';

/** The segments of one connection, in capture order. */
export interface SegmentGroup {
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly segments: Segment[];
}

/** Which end of the group sent the segment. */
export function senderOf({ client }: Pick<SegmentGroup, 'client'>, segment: Segment): Side {
  return sameEndpoint(segment.source, client) ? 'client' : 'server';
}

/**
 * Sorts segments into connections. The same pair of endpoints used again starts a new connection: a SYN does that
 * unless it is sent again, or is the other half of a simultaneous open or of a split handshake.
 */
export function groupSegments(segments: readonly Segment[]): SegmentGroup[] {
  const groups: SegmentGroup[] = [];
  const current = new Map<string, SegmentGroup>();
  for (const segment of segments) {
    const key = pairKey(segment);
    let group = current.get(key);
    if (group === undefined || opensAnother(group, segment)) {
      group = { ...ends(segment), segments: [] };
      groups.push(group);
      current.set(key, group);
    }
    group.segments.push(segment);
  }
  return groups;
}

/** All segments as one connection; none without segments. */
export function oneGroup(segments: readonly Segment[]): SegmentGroup[] {
  const [first] = segments;
  return first === undefined ? [] : [{ ...ends(first), segments: [...segments] }];
}

function pairKey({ source, destination }: Segment): string {
  const [a, b] = [formatEndpoint(source), formatEndpoint(destination)];
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function isPureSyn(segment: Segment): boolean {
  return hasFlags(segment, Flag.SYN) && !hasFlags(segment, Flag.ACK);
}

function opensAnother({ segments }: SegmentGroup, segment: Segment): boolean {
  if (!isPureSyn(segment)) return false;
  const own = segments.filter(({ source }) => sameEndpoint(source, segment.source));
  // Sent again, or sent as a SYN,ACK before: the same initial sequence number.
  const known = own.find((other) => hasFlags(other, Flag.SYN));
  if (known !== undefined) return known.sequenceNumber !== segment.sequenceNumber;
  return !answersSyn(segments, segment);
}

/** Whether a SYN answers the other end's: all that was said before are SYNs and this end's ACKs (a split handshake). */
function answersSyn(segments: readonly Segment[], { source }: Segment): boolean {
  const isOwn = (other: Segment): boolean => sameEndpoint(other.source, source);
  const [first] = segments;
  if (first === undefined || isOwn(first)) return false;
  return segments.every((other) => {
    return isPureSyn(other) || (isOwn(other) && (other.flags & (Flag.SYN | Flag.RST)) === 0);
  });
}

/** The client is who sent the first SYN; without one, who does not send the SYN,ACK or has the higher port. */
function ends(first: Segment): { client: Endpoint; server: Endpoint } {
  const { source, destination } = first;
  const fromServer = hasFlags(first, Flag.SYN) ? hasFlags(first, Flag.ACK) : source.port < destination.port;
  return fromServer ? { client: destination, server: source } : { client: source, server: destination };
}
