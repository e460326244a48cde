/** Where the columns of a table stand. */

/** Between two columns. */
export const GAP = '  ';
/** Texts are cut to this before a column goes, and where none may go any more, to this. */
export const MODERATE_CELLS = 24;
const LEAST_CELLS = 9;

/** How rows are laid out for the time being. */
export interface Draft {
  /** Places of the columns that are shown. */
  readonly kept: readonly number[];
  /** Cells, of all columns. */
  readonly widths: readonly number[];
  /** Cells of a line. */
  readonly length: number;
}

/** Blanks that a row needs, and where in it. */
export interface Gap {
  readonly at: number;
  readonly blanks: string;
}

/** How they are laid out when all are there. */
export interface Layout extends Omit<Draft, 'length'> {
  /** What the rows of a draft need to be laid out so, by its length; of those that need more than blanks, nothing. */
  readonly gaps: ReadonlyMap<number, readonly Gap[]>;
  /** What stands above those that there is no room for. */
  readonly left: readonly string[];
}

/** A row with the blanks that it needs. */
export function widened(row: string, gaps: readonly Gap[]): string {
  let line = '';
  let from = 0;
  for (const { at, blanks } of gaps) {
    line += row.slice(from, at) + blanks;
    from = at;
  }
  return from === 0 ? line + row : line + row.slice(from);
}

/** Cells of a line. */
export function total(kept: readonly number[], widths: readonly number[]): number {
  if (kept.length === 0) return 0;
  return kept.reduce((sum, at) => sum + (widths[at] ?? 0), GAP.length * (kept.length - 1));
}

/** Cuts the widest texts, a cell at a time, until the line fits or nothing more may be cut. */
export function narrow(texts: readonly number[], widths: number[], excess: number): void {
  for (let left = excess; left > 0; left--) {
    const widest = [...texts].sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0] ?? -1;
    const width = widths[widest] ?? 0;
    if (width <= LEAST_CELLS) return;
    widths[widest] = width - 1;
  }
}
