import { otherSide, type Side, type TableTransition, type TrackedSegment } from '../model/connection.ts';
import { Flag, hasFlags, type Segment, sequenceLength } from '../model/segment.ts';
import { seqAdd, seqDistance } from '../model/sequence-number.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { EndpointTracker } from './endpoint-tracker.ts';
import { type SegmentGroup, senderOf } from './group-segments.ts';
import type { Interference } from './held-segments.ts';

/**
 * Follows both ends of a connection through its segments.
 * A RST that its receiver refuses, and whose sender goes on, was forged or came late: it ends nothing at either end.
 * @param interference what gates did to its segments
 * @param mayMiss whether segments may have crossed that are not among these
 */
export function trackSegments(
  group: SegmentGroup,
  interference: Interference = NONE,
  mayMiss = false,
): TrackedSegment[] {
  const { segments } = group;
  const start = startOf(group);
  const transitionsOf = segments.map((): TableTransition[] => []);
  // What an end makes of a segment that crossed another is told with that other, and names its own frame.
  let current = 0;
  let frame = 0;
  const trackerOf = (side: Side): EndpointTracker =>
    new EndpointTracker(start[side], mayMiss, (from, event, to) => {
      transitionsOf[current]?.push({ side, from, event, to, frame });
    });
  const trackers = { client: trackerOf('client'), server: trackerOf('server') };
  const anomaliesOf = segments.map((): string[] => []);
  const receive = (index: number): void => {
    const segment = segments[index];
    if (segment === undefined) return;
    ({ frame } = segment);
    trackers[otherSide(senderOf(group, segment))].trackReceived(segment, anomaliesOf[index] ?? []);
  };
  const held = segments.map((segment) => interference.held.has(segment));
  const crossings = findCrossings(group, held);
  return segments.map((segment, index) => {
    const from = senderOf(group, segment);
    const to = otherSide(from);
    const anomalies = anomaliesOf[index] ?? [];
    current = index;
    ({ frame } = segment);
    const injected = interference.injected.has(segment);
    const isReset = hasFlags(segment, Flag.RST);
    // Its sender is just there: what its receiver seems to lack, the capture lacks.
    const isInPlace = isReset && mayMiss && trackers[from].isAt(segment.sequenceNumber | 0);
    if (isInPlace && refuses(trackers[to], segment)) trackers[to].receive.skipTo(segment.sequenceNumber | 0);
    const endsNothing = injected || (isReset && goesOn(group, index) && refuses(trackers[to], segment));
    const retransmission = !endsNothing && trackers[from].trackSent(segment, anomalies);
    for (const { crossed, by } of crossings) if (by === index) receive(crossed);
    const delivered = held[index] !== true;
    if (delivered && !crossings.some(({ crossed }) => crossed === index)) receive(index);
    return {
      segment,
      from,
      atNs: segment.capturedAtNs,
      sequence: trackers[from].relative(segment.sequenceNumber),
      ...(hasFlags(segment, Flag.ACK) && {
        acknowledgment: trackers[to].relative(segment.acknowledgmentNumber),
      }),
      retransmission,
      delivered,
      ...(injected && { injected: true as const }),
      transitions: transitionsOf[index] ?? [],
      statesAfter: { client: trackers.client.state, server: trackers.server.state },
      anomalies,
    };
  });
}

const NONE: Interference = { held: new Set(), injected: new Set() };

function refuses(to: EndpointTracker, { flags, sequenceNumber, acknowledgmentNumber }: Segment): boolean {
  return to.refusesReset(flags, sequenceNumber | 0, acknowledgmentNumber | 0);
}

/** Whether the sender of a RST says more than RSTs afterwards. */
function goesOn(group: SegmentGroup, index: number): boolean {
  const sender = group.segments[index];
  return group.segments
    .slice(index + 1)
    .some(
      (later) =>
        sender !== undefined &&
        !hasFlags(later, Flag.RST) &&
        senderOf(group, later) === senderOf(group, sender),
    );
}

/** The states before the first segment. A capture that begins inside a connection finds it established. */
function startOf(group: SegmentGroup): Readonly<Record<Side, TcpState>> {
  const [first] = group.segments;
  if (first === undefined || hasFlags(first, Flag.RST)) return { client: 'CLOSED', server: 'CLOSED' };
  if (hasFlags(first, Flag.SYN | Flag.ACK)) return { client: 'SYN-SENT', server: 'SYN-RECEIVED' };
  if (!hasFlags(first, Flag.SYN)) return { client: 'ESTABLISHED', server: 'ESTABLISHED' };
  const answer = group.segments.find(
    (segment, index) =>
      senderOf(group, segment) === 'server' && !(hasFlags(segment, Flag.RST) && goesOn(group, index)),
  );
  // Who answers a SYN by a RST did not listen; who sends a SYN of its own opened actively too.
  const listened = answer === undefined || (!hasFlags(answer, Flag.RST) && !isPureSyn(answer));
  return { client: 'CLOSED', server: listened ? 'LISTEN' : 'CLOSED' };
}

function isPureSyn(segment: Segment): boolean {
  return hasFlags(segment, Flag.SYN) && !hasFlags(segment, Flag.ACK);
}

/** A segment that was still on its way when its receiver sent another. Indices. */
interface Crossing {
  readonly crossed: number;
  readonly by: number;
}

/**
 * SYNs and FINs that crossed. One capture sees them one after the other; that the second does not acknowledge the
 * first tells that its sender had not received it yet. Without this, the far end of a simultaneous open or close
 * would go through states in which it never was.
 */
function findCrossings(group: SegmentGroup, held: readonly boolean[]): Crossing[] {
  const { segments } = group;
  const crossings: Crossing[] = [];
  for (const flag of [Flag.SYN, Flag.FIN]) {
    const firstOf = (side: Side): number => {
      return segments.findIndex((segment) => senderOf(group, segment) === side && hasFlags(segment, flag));
    };
    const [earlier = -1, later = -1] = [firstOf('client'), firstOf('server')].sort((a, b) => a - b);
    const answer = segments[later];
    if (earlier === -1 || answer === undefined) continue;
    for (const [index, segment] of segments.slice(0, later).entries()) {
      if (!hasFlags(segment, flag) || held[index] === true) continue;
      if (!acknowledges(answer, segment, flag)) crossings.push({ crossed: index, by: later });
    }
  }
  return crossings;
}

/** Whether `answer` acknowledges the octet of the segment's SYN or FIN. */
function acknowledges(answer: Segment, segment: Segment, flag: number): boolean {
  const octets = flag === Flag.SYN ? 1 : sequenceLength(segment);
  const end = seqAdd(segment.sequenceNumber, octets);
  return hasFlags(answer, Flag.ACK) && seqDistance(end, answer.acknowledgmentNumber) >= 0;
}
