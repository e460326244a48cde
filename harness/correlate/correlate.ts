import type { Connection, PlacedJsReport, Timeline } from '../model/connection.ts';
import { sameEndpoint } from '../model/endpoint.ts';
import type { EvidenceQuality } from '../model/evidence.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { alignClocks, type ClockMap } from './clocks.ts';
import { rejectUnknownOptions } from '../options.ts';
import { groupSegments, oneGroup, type SegmentGroup } from './group-segments.ts';
import { interferenceWith, uncertainCounts } from './held-segments.ts';
import { observedStates } from './observed-states.ts';
import { placeReports } from './place-reports.ts';
import { summarize } from './summary.ts';
import { trackSegments } from './track-segments.ts';

export interface CorrelateOptions {
  /** Whoever gathered the segments knows that they are one connection's. @default false: they are told apart */
  readonly oneConnection?: boolean;
}

/**
 * Joins the three lanes of a run: every segment, socket state and JS report on the capture's clock, sorted into
 * connections, both ends of each followed through RFC 9293's states.
 * Without a clock reading the kernel and node lanes cannot be placed and are left out; the evidence then says so.
 */
export function correlate(evidence: RunEvidence, options: CorrelateOptions = {}): Timeline {
  rejectUnknownOptions(options, ['oneConnection']);
  const clock = alignClocks(evidence.clockReadings);
  const groups =
    options.oneConnection === true ? oneGroup(evidence.segments) : groupSegments(evidence.segments);
  const js = clock === undefined ? [] : placeReports(evidence.reports, groups, clock);
  const connections = groups.map((group, index) => join(group, index, { evidence, clock, groups, js }));
  return { connections, evidence: quality(evidence, clock) };
}

interface Run {
  readonly evidence: RunEvidence;
  readonly clock: ClockMap | undefined;
  readonly groups: readonly SegmentGroup[];
  readonly js: readonly (readonly PlacedJsReport[])[];
}

function join(group: SegmentGroup, index: number, { evidence, clock, groups, js }: Run): Connection {
  const interference = interferenceWith(group.segments, evidence.holds, clock);
  const segments = trackSegments(group, interference, evidence.wireMayMiss);
  const next = groups.find((other, at) => at > index && haveSameEnds(other, group));
  const span = {
    beganAtNs: startOf(group),
    ...(next && { nextBeganAtNs: startOf(next) }),
    isFirst: !groups.some((other, at) => at < index && haveSameEnds(other, group)),
  };
  const states =
    clock === undefined
      ? []
      : (['client', 'server'] as const)
          .flatMap((side) => observedStates(side, group, evidence.snapshots, clock, span))
          .sort((a, b) => Number(a.latestNs - b.latestNs));
  return {
    id: index + 1,
    client: group.client,
    server: group.server,
    segments,
    observedStates: states,
    js: js[index] ?? [],
    summary: summarize(segments, states),
    ...(evidence.settings && { settings: evidence.settings }),
  };
}

function startOf({ segments }: SegmentGroup): bigint {
  return segments[0]?.capturedAtNs ?? 0n;
}

function haveSameEnds(a: SegmentGroup, b: SegmentGroup): boolean {
  return (
    (sameEndpoint(a.client, b.client) && sameEndpoint(a.server, b.server)) ||
    (sameEndpoint(a.client, b.server) && sameEndpoint(a.server, b.client))
  );
}

function quality(
  { damage, segments, snapshots, clockReadings, holds, settings }: RunEvidence,
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
    damage: [...damage, ...unplaced, ...uncertainCounts(segments, holds, clock)],
    ...(clock && { clockErrorNs: clock.errorNs }),
    ...(settings && { settings }),
    ...(gaps.length > 0 && { largestSamplingGapNs: gaps.reduce((a, b) => (a > b ? a : b)) }),
  };
}
