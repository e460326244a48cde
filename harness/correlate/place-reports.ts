import type { PlacedJsReport, Side } from '../model/connection.ts';
import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { JsReport } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import type { ClockMap } from './clocks.ts';
import type { SegmentGroup } from './group-segments.ts';

/**
 * Sorts what the programs reported into connections, on the capture's clock.
 * All of one socket go where its first goes. A report that names its ends goes to the newest connection of these ends
 * that had begun by then. One without an address goes to the connection that was newest then, except a `connect` call,
 * which goes to the one it begins.
 * @returns a list a group, in order of time
 */
export function placeReports(
  reports: RunEvidence['reports'],
  groups: readonly SegmentGroup[],
  clock: ClockMap,
): PlacedJsReport[][] {
  const placed = groups.map((): PlacedJsReport[] => []);
  const places = new Map<string, Place>();
  for (const { side, report, socket } of reports) {
    const atNs = report.atNs + clock.offsetNs;
    const known = socket === undefined ? undefined : places.get(socket);
    const place = known ?? placeOf(side, report, atNs, groups, clock);
    if (place === undefined) continue;
    if (socket !== undefined) places.set(socket, place);
    placed[place.index]?.push({ side: place.side, atNs, report });
  }
  for (const list of placed) list.sort((a, b) => Number(a.atNs - b.atNs));
  return placed;
}

interface Place {
  readonly index: number;
  /** By the ends: in a simultaneous open a program's role and who sent the first SYN may differ. */
  readonly side: Side;
}

function placeOf(
  side: Side,
  report: JsReport,
  atNs: bigint,
  groups: readonly SegmentGroup[],
  clock: ClockMap,
): Place | undefined {
  return report.local === undefined
    ? placeWithoutAddress(side, report, atNs, groups, clock)
    : placeByEnds(report.local, report.peer, atNs, groups, clock);
}

function placeByEnds(
  local: Endpoint,
  peer: Endpoint | undefined,
  atNs: bigint,
  groups: readonly SegmentGroup[],
  { errorNs }: ClockMap,
): Place | undefined {
  const places = groups.flatMap((group, index): Place[] => {
    const side = sideOf(group, local, peer);
    return side === undefined ? [] : [{ index, side }];
  });
  return places.findLast(({ index }) => startOf(groups[index]) <= atNs + errorNs) ?? places[0];
}

function sideOf(
  { client, server }: SegmentGroup,
  local: Endpoint,
  peer: Endpoint | undefined,
): Side | undefined {
  if (sameEndpoint(local, client) && (peer === undefined || sameEndpoint(peer, server))) return 'client';
  if (sameEndpoint(local, server) && (peer === undefined || sameEndpoint(peer, client))) return 'server';
  return undefined;
}

function placeWithoutAddress(
  side: Side,
  { kind, name }: JsReport,
  atNs: bigint,
  groups: readonly SegmentGroup[],
  { errorNs }: ClockMap,
): Place {
  const begins = kind === 'call' && name === 'connect';
  const next = begins ? groups.findIndex((group) => startOf(group) >= atNs - errorNs) : -1;
  const newest = groups.findLastIndex((group) => startOf(group) <= atNs + errorNs);
  return { index: next === -1 ? Math.max(0, newest) : next, side };
}

function startOf(group: SegmentGroup | undefined): bigint {
  return group?.segments[0]?.capturedAtNs ?? 0n;
}
