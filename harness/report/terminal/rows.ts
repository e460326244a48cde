/** What a ladder shows, from top to bottom: the three lanes of a connection merged in order of time. */
import type { Connection, PlacedJsReport, Side, TrackedSegment } from '../../model/connection.ts';
import { Flag, hasFlags } from '../../model/segment.ts';
import type { TcpState } from '../../model/tcp-state.ts';
import type { Mismatch, Verdict } from '../../model/verdict.ts';
import { joinStates, type JoinedStates, type KernelNote, type StateRun } from './states.ts';

/** Both ends' states; undefined where nothing tells. */
export type SideStates = Readonly<Record<Side, TcpState | undefined>>;

interface Timed {
  readonly atNs: bigint;
  /** Both ends' states before and after this row. */
  readonly before: SideStates;
  readonly after: SideStates;
}

export interface SegmentRow extends Timed {
  readonly kind: 'segment';
  readonly tracked: TrackedSegment;
  /** The states that this segment led into. */
  readonly entered: Partial<Readonly<Record<Side, StateRun>>>;
}

export interface JsRow extends Timed {
  readonly kind: 'js';
  readonly placed: PlacedJsReport;
}

export interface KernelRow extends Timed {
  readonly kind: 'kernel';
  readonly note: KernelNote;
}

/** Nothing happened for a while. */
export interface GapRow {
  readonly kind: 'gap';
  readonly ns: bigint;
  readonly states: SideStates;
}

export interface MismatchRow {
  readonly kind: 'mismatch';
  /** The verdict's title. */
  readonly title: string;
  readonly mismatch: Mismatch;
}

export type LadderRow = SegmentRow | JsRow | KernelRow | GapRow | MismatchRow;

/** Silence longer than this gets a row of its own. */
const GAP_NS = 10_000_000n;

/** The rows of `connection`; mismatches right under the segment whose frame they name, others last. */
export function ladderRows(connection: Connection, verdicts: readonly Verdict[]): readonly LadderRow[] {
  const rows: LadderRow[] = [];
  const mismatches = verdicts.flatMap(({ title, mismatches: each }) =>
    each.map((mismatch): MismatchRow => ({ kind: 'mismatch', title, mismatch })),
  );
  const placed = new Set<MismatchRow>();
  let previousNs: bigint | undefined;
  for (const row of timedRows(connection)) {
    if (previousNs !== undefined && row.atNs - previousNs > GAP_NS) {
      rows.push({ kind: 'gap', ns: row.atNs - previousNs, states: row.before });
    }
    previousNs = row.atNs;
    rows.push(row);
    if (row.kind !== 'segment') continue;
    for (const mismatchRow of mismatches) {
      if (placed.has(mismatchRow) || mismatchRow.mismatch.frame !== row.tracked.segment.frame) continue;
      placed.add(mismatchRow);
      rows.push(mismatchRow);
    }
  }
  return [...rows, ...mismatches.filter((each) => !placed.has(each))];
}

type Happening =
  | { readonly atNs: bigint; readonly tracked: TrackedSegment; readonly index: number }
  | { readonly atNs: bigint; readonly placed: PlacedJsReport }
  | { readonly atNs: bigint; readonly note: KernelNote };

function timedRows(connection: Connection): readonly (SegmentRow | JsRow | KernelRow)[] {
  const joined = joinStates(connection);
  let states = statesAtFirst(connection);
  return happenings(connection, joined).map((each) => {
    const before = states;
    if ('placed' in each) {
      return { kind: 'js', atNs: each.atNs, placed: each.placed, before, after: before };
    }
    if ('note' in each) {
      if (each.note.kind === 'moved') states = { ...before, [each.note.side]: each.note.state };
      return { kind: 'kernel', atNs: each.atNs, note: each.note, before, after: states };
    }
    states = each.tracked.statesAfter;
    const entered = enteredAt(each.index, joined.runs);
    return { kind: 'segment', atNs: each.atNs, tracked: each.tracked, entered, before, after: states };
  });
}

/** In order of time; at the same time: calls, then segments, then states, then events (cause before effect). */
function happenings(connection: Connection, { notes }: JoinedStates): readonly Happening[] {
  const isCall = ({ report }: PlacedJsReport): boolean => report.kind === 'call';
  const js = connection.js.filter(isTelling).map((placed) => ({ atNs: placed.atNs, placed }));
  const all: Happening[] = [
    ...js.filter(({ placed }) => isCall(placed)),
    ...connection.segments.map((tracked, index) => ({ atNs: tracked.atNs, tracked, index })),
    ...notes.map((note) => ({ atNs: note.atNs, note })),
    ...js.filter(({ placed }) => !isCall(placed)),
  ];
  return all.sort((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0));
}

/** on('data') makes Node resume() the socket: every reader does, and it says nothing. */
function isTelling({ report }: PlacedJsReport): boolean {
  return !(report.by === 'node' && (report.name === 'resume' || report.name === 'pause'));
}

/** Before a SYN there is no connection; before anything else, nothing is known. */
function statesAtFirst({ segments }: Connection): SideStates {
  const first = segments[0]?.segment;
  const opens = first !== undefined && hasFlags(first, Flag.SYN) && !hasFlags(first, Flag.ACK);
  const state = opens ? 'CLOSED' : undefined;
  return { client: state, server: state };
}

function enteredAt(index: number, runs: JoinedStates['runs']): SegmentRow['entered'] {
  const client = runs.client.find((run) => run.segmentIndex === index);
  const server = runs.server.find((run) => run.segmentIndex === index);
  return { ...(client && { client }), ...(server && { server }) };
}
