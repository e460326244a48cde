import type { CallSite } from './node-event.ts';
import type { Doer, RunConnection, RunEnding } from './run-connection.ts';
import type { Side } from './connection.ts';
import type { Damage } from './evidence.ts';

/** Connections that ended alike, by the same call. */
export interface RunGroup {
  readonly ending: RunEnding;
  /** Who closed or reset it; absent where nobody did. */
  readonly by: Side | undefined;
  /** Whether a process of the run is at that end. */
  readonly byOurs: boolean;
  /** `127.0.0.1:3000`; `*:443` for several hosts that are not ours, `127.0.0.1:*` for several ephemeral ports. */
  readonly server: string;
  /** What sent the first FIN or the RST: `socket.end()`, with the place and reason where they are known. */
  readonly what: string | undefined;
  /** Who did that. */
  readonly doer: Doer | undefined;
  readonly detail: string | undefined;
  readonly site: CallSite | undefined;
  readonly count: number;
  readonly mismatches: number;
  /** The first of them. */
  readonly example: RunConnection;
  /** 0 for the least usual, 9 for an orderly close. */
  readonly rank: number;
}

export const USUAL = 9;

/** How far each lane got. */
export interface LaneCoverage {
  /** Connections with packets. */
  readonly wire: number;
  /** Sides that are ours, and those of them that JS tells of. */
  readonly nodeSides: number;
  readonly nodeTold: number;
  /** Connections that `ss` showed at least once, those left out of which it saw nothing but TIME-WAIT. */
  readonly kernel: number;
  /** Connections of which tracepoints told a transition; absent where the run had none. */
  readonly transitions?: number;
}

/**
 * Whether a run has ended. `killed`: its finwait was, before the program ended. `unknown`: one or the other, its finwait
 * counts processes in another pid namespace.
 */
export type RunState = 'ended' | 'running' | 'killed' | 'unknown';

/** A run as a whole. */
export interface RunReport {
  readonly directory: string;
  readonly state: RunState;
  readonly command: readonly string[];
  readonly network: 'host' | 'private';
  /** ns; absent unless it has ended. */
  readonly durationNs: bigint | undefined;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Node processes that left a record, and their worker threads. */
  readonly processes: number;
  readonly threads: number;
  /** Those that are told of: all, or those that a condition was about. */
  readonly connections: number;
  /** Those that a condition left out. */
  readonly leftOut: number;
  /** Those of which a condition asks what only packets tell, and there are none; they are not told of. */
  readonly undetermined: number;
  /** By how they ended. */
  readonly endings: Readonly<Partial<Record<RunEnding, number>>>;
  readonly closedBy: Readonly<Record<Side, number>>;
  readonly resetBy: Readonly<Record<Side, number>>;
  readonly mismatches: number;
  /** Least usual first, then by how many. */
  readonly groups: readonly RunGroup[];
  /** Connections of further kinds, none of them less usual than those of {@link groups}. */
  readonly ungrouped: number;
  readonly coverage: LaneCoverage;
  /** Longest time between two looks of `ss`, ms. */
  readonly largestGapMs: number | undefined;
  readonly damage: readonly Damage[];
  readonly hints: readonly string[];
}
