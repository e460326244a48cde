/** Joins the states that the segments imply (RFC 9293's table) with those that `ss` showed. */
import type { Connection, ObservedState, Side } from '../../model/connection.ts';
import type { TcpState } from '../../model/tcp-state.ts';

/** One end was in `state`, by the table, from one of its segments to another. */
export interface StateRun {
  readonly state: TcpState;
  /** The segment that led into it: index in `connection.segments`. */
  readonly segmentIndex: number;
  readonly fromNs: bigint;
  /** Absent for the last. */
  readonly untilNs?: bigint;
  /** `ss` showed the state while it lasted. */
  readonly confirmed: boolean;
}

/** What `ss` showed beyond the table. */
export interface KernelNote {
  readonly kind: /** A change that no segment tells of: a timer ran out, or no segment was captured by then. */
    | 'moved'
    /** The table has the end in another state at that time. */
    | 'differs'
    /** The table had left the state, and `ss` still showed it. */
    | 'lingers';
  readonly side: Side;
  readonly atNs: bigint;
  readonly state: TcpState;
  /** What the table says at that time; absent before the first segment. */
  readonly tableState?: TcpState;
}

export interface JoinedStates {
  readonly runs: Readonly<Record<Side, readonly StateRun[]>>;
  readonly notes: readonly KernelNote[];
}

/** The clocks of two lanes are joined to well under this. */
const CLOCK_SLACK_NS = 1_000_000n;

/** States that end without a segment: 2MSL, an orphan's FIN-WAIT-2 timeout, close() in SYN-SENT. */
const SILENT_WAYS_TO_CLOSED: readonly TcpState[] = ['TIME-WAIT', 'FIN-WAIT-2', 'SYN-SENT'];

export function joinStates(connection: Connection): JoinedStates {
  const client = joinSide(connection, 'client');
  const server = joinSide(connection, 'server');
  return {
    runs: { client: client.runs, server: server.runs },
    notes: [...client.notes, ...server.notes],
  };
}

function joinSide(
  connection: Connection,
  side: Side,
): { readonly runs: readonly StateRun[]; readonly notes: readonly KernelNote[] } {
  const runs = tableRuns(connection, side);
  const seen = connection.observedStates.filter((each) => each.side === side);
  const confirmed = new Set(
    seen.flatMap(({ state, samples }) =>
      samples.flatMap((sample) => runs.filter((run) => run.state === state && overlaps(run, sample))),
    ),
  );
  return {
    runs: runs.map((run) => ({ ...run, confirmed: confirmed.has(run) })),
    notes: seen.flatMap((each) => noteOn(each, runs)),
  };
}

function tableRuns(connection: Connection, side: Side): readonly StateRun[] {
  const runs: StateRun[] = [];
  for (const [segmentIndex, { statesAfter, atNs }] of connection.segments.entries()) {
    const last = runs.at(-1);
    if (last?.state === statesAfter[side]) continue;
    if (last !== undefined) runs[runs.length - 1] = { ...last, untilNs: atNs };
    runs.push({ state: statesAfter[side], segmentIndex, fromNs: atNs, confirmed: false });
  }
  return runs;
}

type Sample = ObservedState['samples'][number];

function overlaps(run: StateRun, { fromNs, toNs }: Sample): boolean {
  return (
    run.fromNs <= toNs + CLOCK_SLACK_NS &&
    (run.untilNs === undefined || run.untilNs >= fromNs - CLOCK_SLACK_NS)
  );
}

/** LISTEN is another socket than the connection's own, which does not exist yet or no more. */
function agree(table: TcpState, shown: TcpState): boolean {
  return table === shown || (table === 'LISTEN' && shown === 'CLOSED');
}

/** The first snapshot that showed a state in which the table cannot have the end at that time. */
function noteOn({ side, state, samples }: ObservedState, runs: readonly StateRun[]): readonly KernelNote[] {
  const index = samples.findIndex(
    (sample) => !runs.some((run) => agree(run.state, state) && overlaps(run, sample)),
  );
  const sample = samples[index];
  if (sample === undefined) return [];
  const atNs = sample.toNs;
  const table = runs.findLast((run) => run.fromNs <= atNs);
  if (table === undefined) {
    // A connection that does not exist yet disagrees with nothing.
    return state === 'CLOSED' || state === 'LISTEN' ? [] : [{ kind: 'moved', side, state, atNs }];
  }
  const silent = state === 'CLOSED' && SILENT_WAYS_TO_CLOSED.includes(table.state);
  const kind = silent ? 'moved' : index > 0 ? 'lingers' : 'differs';
  return [{ kind, side, state, atNs, tableState: table.state }];
}
