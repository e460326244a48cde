import type { RunEvidence } from '../model/run-evidence.ts';

/**
 * Whether the last snapshot surely began behind the last segment, as far as the clocks are known to agree. One that is
 * taken behind a fence does.
 */
export function endsWithSnapshot({ segments, snapshots, clockReadings }: RunEvidence): boolean {
  const [last, snapshot] = [segments.at(-1), snapshots.at(-1)];
  if (last === undefined || snapshot === undefined) return false;
  return clockReadings.some(({ sentBeforeNs, capturedAtNs }) => {
    return snapshot.startedAtNs - sentBeforeNs >= last.capturedAtNs - capturedAtNs;
  });
}
