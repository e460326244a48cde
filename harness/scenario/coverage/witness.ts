import type { Connection, Side, TrackedSegment } from '../../model/connection.ts';
import type { Proof } from '../../model/coverage.ts';
import type { RunEvidence } from '../../model/run-evidence.ts';
import { flagsText } from '../../model/segment.ts';

/** One connection of a run that was met, with what its lanes saw. */
export interface Witness {
  readonly scenario: string;
  readonly name: string;
  readonly connection: Connection;
  readonly evidence: RunEvidence;
  /** Sides whose socket was killed by `ss -K`. */
  readonly killed: readonly Side[];
}

export const SIDES = ['client', 'server'] as const;

export function proof(
  { scenario, name }: Witness,
  side: Side,
  { segment, wire, ss, remark }: { segment?: TrackedSegment; wire?: string; ss: string; remark?: string },
): Proof {
  return {
    scenario,
    connection: name,
    side,
    ...(segment && { frame: segment.segment.frame }),
    wire: wire ?? (segment === undefined ? 'no segment' : segmentWords(segment)),
    ss,
    ...(remark !== undefined && { remark }),
  };
}

export function segmentWords({ from, segment }: TrackedSegment): string {
  return `#${segment.frame} ${from} ${flagsText(segment.flags)}`;
}

/** `at +4.5 ms`. */
export function at(ns: bigint): string {
  return `at +${span(ns)}`;
}

export function span(ns: bigint): string {
  const ms = Number(ns) / 1e6;
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** What `find` makes of the first item of which it makes something. */
export function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
