import {
  type Connection,
  otherSide,
  type PlacedJsReport,
  type Side,
  type Timeline,
  type TrackedSegment,
} from '../model/connection.ts';
import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { EvidenceQuality } from '../model/evidence.ts';
import type { Hold } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { Flag, hasFlags, type Segment } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import { alignClocks, type ClockMap } from './clocks.ts';
import { EndpointTracker } from './endpoint-tracker.ts';
import { groupSegments, type SegmentGroup, senderOf } from './group-segments.ts';
import { observedStates } from './observed-states.ts';
import { summarize } from './summary.ts';

/**
 * Joins the three lanes of a run: every segment, socket state and JS report on the capture's clock, sorted into
 * connections, both ends of each followed through RFC 9293's states.
 * Without a clock reading the kernel and node lanes cannot be placed and are left out; the evidence then says so.
 */
export function correlate(evidence: RunEvidence): Timeline {
  const clock = alignClocks(evidence.clockReadings);
  const groups = groupSegments(evidence.segments);
  const starts = groups.map(({ segments }) => segments[0]?.capturedAtNs ?? 0n);
  const connections = groups.map((group, index) => join(group, index, evidence, clock, starts));
  return { connections, evidence: quality(evidence, clock) };
}

function join(
  group: SegmentGroup,
  index: number,
  evidence: RunEvidence,
  clock: ClockMap | undefined,
  starts: readonly bigint[],
): Connection {
  const segments = trackSegments(group, clock, evidence.holds);
  const beganAtNs = starts[index] ?? 0n;
  const states =
    clock === undefined
      ? []
      : (['client', 'server'] as const)
          .flatMap((side) => observedStates(side, group, evidence.snapshots, clock, beganAtNs))
          .sort((a, b) => Number(a.latestNs - b.latestNs));
  const js = clock === undefined ? [] : placeReports(group, index, evidence, clock, starts);
  const { client, server } = group;
  return {
    id: index + 1,
    client,
    server,
    segments,
    observedStates: states,
    js,
    summary: summarize(segments, states),
  };
}

function trackSegments(
  group: SegmentGroup,
  clock: ClockMap | undefined,
  holds: readonly Hold[],
): TrackedSegment[] {
  const trackers = { client: new EndpointTracker('CLOSED'), server: new EndpointTracker('LISTEN') };
  return group.segments.map((segment) => {
    const from = senderOf(group, segment);
    const to = otherSide(from);
    const delivered = !wasHeld(segment, clock, holds);
    const sent = trackers[from].trackSent(segment);
    const received = delivered ? trackers[to].trackReceived(segment) : [];
    return {
      segment,
      from,
      atNs: segment.capturedAtNs,
      sequence: relative(trackers[from].iss, segment.sequenceNumber),
      ...(hasFlags(segment, Flag.ACK) && {
        acknowledgment: relative(trackers[to].iss, segment.acknowledgmentNumber),
      }),
      retransmission: sent.retransmission,
      delivered,
      statesAfter: { client: trackers.client.state, server: trackers.server.state },
      anomalies: [...sent.anomalies, ...received],
    };
  });
}

/** Numbers relative to an end that was never seen to send anything stay absolute. */
function relative(initial: number | undefined, number: number): number {
  return initial === undefined ? number : seqDistance(initial, number);
}

/** True when a gate surely kept the segment: it held before and after, clock error taken off. */
function wasHeld(segment: Segment, clock: ClockMap | undefined, holds: readonly Hold[]): boolean {
  if (clock === undefined) return false;
  const atNs = segment.capturedAtNs - clock.offsetNs;
  return holds.some(({ source, destination, flags, fromNs, toNs }) => {
    return (
      hasFlags(segment, flags) &&
      isPart(source, segment.source) &&
      isPart(destination, segment.destination) &&
      atNs - clock.errorNs >= fromNs &&
      (toNs === undefined || atNs + clock.errorNs <= toNs)
    );
  });
}

function isPart(part: Partial<Endpoint>, whole: Endpoint): boolean {
  return (
    (part.address === undefined || part.address === whole.address) &&
    (part.port === undefined || part.port === whole.port)
  );
}

function placeReports(
  group: SegmentGroup,
  index: number,
  { reports }: RunEvidence,
  clock: ClockMap,
  starts: readonly bigint[],
): PlacedJsReport[] {
  const placed: PlacedJsReport[] = [];
  for (const { side, report } of reports) {
    const atNs = report.atNs + clock.offsetNs;
    const own =
      report.local === undefined ? connectionAt(starts, atNs) === index : isOf(group, side, report.local);
    if (own) placed.push({ side, atNs, report });
  }
  return placed.sort((a, b) => Number(a.atNs - b.atNs));
}

function isOf(group: SegmentGroup, side: Side, local: Endpoint): boolean {
  return sameEndpoint(side === 'client' ? group.client : group.server, local);
}

/** A report without an address (before `connect`, or when refused): the newest connection then, else the first. */
function connectionAt(starts: readonly bigint[], atNs: bigint): number {
  return Math.max(
    0,
    starts.findLastIndex((start) => start <= atNs),
  );
}

function quality(
  { damage, snapshots, clockReadings }: RunEvidence,
  clock: ClockMap | undefined,
): EvidenceQuality {
  const unplaced =
    clock === undefined && clockReadings.length === 0 && snapshots.length > 0
      ? [
          {
            lane: 'kernel',
            kind: 'lane-missing',
            detail: 'no fence ties the kernel’s and JS’s times to the capture’s',
          } as const,
        ]
      : [];
  const gaps = snapshots
    .slice(1)
    .map((snapshot, index) => snapshot.startedAtNs - (snapshots[index]?.startedAtNs ?? 0n));
  return {
    damage: [...damage, ...unplaced],
    ...(clock && { clockErrorNs: clock.errorNs }),
    ...(gaps.length > 0 && { largestSamplingGapNs: gaps.reduce((a, b) => (a > b ? a : b)) }),
  };
}
