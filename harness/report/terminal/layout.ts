/** Where things stand on a line, and lines put together from their parts. */
import type { Connection, Side } from '../../model/connection.ts';
import type { LadderRow, SideStates } from './rows.ts';
import type { StateRun } from './states.ts';
import { padEndCells, padStartCells, cells } from './text.ts';
import { PHASE_OF, type Theme } from './theme.ts';
import { relativeMs } from './time.ts';

export interface Layout {
  readonly theme: Theme;
  /** Time zero of the margin. */
  readonly originNs: bigint;
  readonly frameCells: number;
  readonly timeCells: number;
  /** Cells of the state column of each side; absent in the compact layout, where states get their own rows. */
  readonly stateCells?: Readonly<Record<Side, number>>;
  /** Cells between the two lifelines. */
  readonly middleCells: number;
}

/** A label such as `PSH,ACK seq 1 ack 1 len 8` fits on an arrow of this length. */
const MINIMUM_MIDDLE_CELLS = 31;
/** A longer arrow says no more. */
const MAXIMUM_MIDDLE_CELLS = 64;
const LIFELINE_CELLS = 1;

export function layOut(connection: Connection, rows: readonly LadderRow[], theme: Theme): Layout {
  const originNs = originOf(connection, rows);
  const frames = connection.segments.map(({ segment }) => `#${segment.frame}`.length);
  const times = rows.map((row) => ('atNs' in row ? relativeMs(row.atNs, originNs).length : 0));
  const frameCells = longest(frames);
  const timeCells = longest(times);
  const labels = (side: Side): number => longest(stateLabels(rows, side, theme).map(cells));
  const stateCells = { client: labels('client'), server: labels('server') };
  const narrowMiddle = theme.width - marginCells({ frameCells, timeCells }) - 2 * LIFELINE_CELLS;
  const wideMiddle = narrowMiddle - stateCells.client - 1 - stateCells.server - 1;
  const common = { theme, originNs, frameCells, timeCells };
  return wideMiddle >= MINIMUM_MIDDLE_CELLS
    ? { ...common, stateCells, middleCells: Math.min(wideMiddle, MAXIMUM_MIDDLE_CELLS) }
    : { ...common, middleCells: Math.min(narrowMiddle, MAXIMUM_MIDDLE_CELLS) };
}

function originOf({ segments }: Connection, rows: readonly LadderRow[]): bigint {
  const first = rows.find((row) => 'atNs' in row);
  return segments[0]?.atNs ?? first?.atNs ?? 0n;
}

function longest(lengths: readonly number[]): number {
  return lengths.reduce((most, each) => Math.max(most, each), 0);
}

function stateLabels(rows: readonly LadderRow[], side: Side, theme: Theme): readonly string[] {
  return rows.map((row) => {
    if (row.kind === 'segment') return stateLabel(row.entered[side], theme);
    if (row.kind === 'kernel' && row.note.side === side && row.note.kind === 'moved') {
      return stateLabel({ state: row.note.state, confirmed: true }, theme);
    }
    return '';
  });
}

/** `FIN-WAIT-2 ✓ss`; without the mark when only the table says so; empty for no state. Not painted. */
export function stateLabel(run: Pick<StateRun, 'state' | 'confirmed'> | undefined, theme: Theme): string {
  if (run === undefined) return '';
  return run.confirmed ? run.state + theme.glyphs.confirmed : run.state;
}

/** A {@link stateLabel} in colours. */
export function paintState(label: string, theme: Theme): string {
  const { confirmed } = theme.glyphs;
  if (!label.endsWith(confirmed)) return label;
  return theme.paint('strong', label.slice(0, -confirmed.length)) + theme.paint('confirmed', confirmed);
}

/** Cells left of the client's state or lifeline: ` #7  +0.412 `. */
export function marginCells({ frameCells, timeCells }: Pick<Layout, 'frameCells' | 'timeCells'>): number {
  return frameCells + 1 + timeCells + 1;
}

/** Column of the client's lifeline and of the server's, from 0. */
export function lifelineColumns(layout: Layout): Readonly<Record<Side, number>> {
  const states = layout.stateCells === undefined ? 0 : layout.stateCells.client + 1;
  const client = marginCells(layout) + states;
  return { client, server: client + LIFELINE_CELLS + layout.middleCells };
}

/** One line of the ladder. Texts may be painted; those left out are blank. */
export interface LineParts {
  readonly frame?: string;
  readonly atNs?: bigint;
  readonly clientState?: string;
  readonly serverState?: string;
  /** Exactly `middleCells` wide. */
  readonly middle?: string;
  /** Drawn as the lifelines. */
  readonly states: SideStates;
}

export function line(layout: Layout, parts: LineParts): string {
  const { theme, stateCells } = layout;
  const time = parts.atNs === undefined ? '' : relativeMs(parts.atNs, layout.originNs);
  const margin = `${padStartCells(parts.frame ?? '', layout.frameCells)} ${padStartCells(time, layout.timeCells)}`;
  const left =
    stateCells === undefined ? '' : `${padStartCells(parts.clientState ?? '', stateCells.client)} `;
  const right = stateCells === undefined ? '' : ` ${parts.serverState ?? ''}`;
  const middle = padEndCells(parts.middle ?? '', layout.middleCells);
  const { client, server } = parts.states;
  const lifelines = [lifeline(client, theme), lifeline(server, theme)] as const;
  return `${theme.paint('secondary', margin)} ${left}${lifelines[0]}${middle}${lifelines[1]}${right}`.trimEnd();
}

function lifeline(state: SideStates[Side], theme: Theme): string {
  return theme.glyphs.lifeline[state === undefined ? 'unknown' : PHASE_OF[state]];
}
