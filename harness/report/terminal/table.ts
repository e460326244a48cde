/** Rows and columns of text, for a terminal or a pipe. */
import { isPlain } from './printable.ts';
import { type Column, padded, textOf, UNKNOWN } from './table-cells.ts';
import {
  type Draft,
  GAP,
  type Gap,
  type Layout,
  MODERATE_CELLS,
  narrow,
  total,
  widened,
} from './table-layout.ts';
import { cells } from './text.ts';

export interface TableOptions {
  /** Cells that a line may take. @default no limit: cut lines hide facts */
  readonly width?: number | undefined;
  /** Names of columns that may be left out to keep within it, the first to go first. @default none */
  readonly expendable?: readonly string[];
  readonly ascii?: boolean;
}

/**
 * Any IPv6 address with its port, in brackets. A wider text has its row laid out only in the end: a few of them are not to
 * have all other rows kept as wide.
 */
const USUAL_CELLS = 48;

/** Before the cells of a row that waits and is not laid out yet: no cell has it, for it is not printable. */
const BETWEEN = '\0';

/**
 * A header and a line a row, columns as wide as their widest value and two blanks apart. What is not known is `-`.
 * Text from outside is stripped of control characters. Where a width is to be kept, columns are left out, and after
 * that texts are cut in their middle.
 *
 * A row of usual texts is laid out when it is added, in the widths that the rows before it needed, and kept as no more
 * than its text; where later rows needed more, it is given the blanks that it lacks when it is asked for.
 */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #options: TableOptions;
  /** Of the latest row, by column: most cells are what they were in the row before. */
  readonly #values: unknown[];
  readonly #texts: string[];
  readonly #isUsual: boolean[];
  readonly #widths: number[];
  /** The same of usual cells only. */
  readonly #draftWidths: number[];
  readonly #hasValue: boolean[];
  /** By the length of its rows, since every draft is wider than the one before. */
  readonly #drafts = new Map<number, Draft>();
  #draft: Draft;
  /** The latest row in that draft. */
  #cells: string[] = [];
  #layout: Layout | undefined;

  constructor(columns: readonly Column<Row>[], options: TableOptions = {}) {
    this.#columns = columns;
    this.#options = options;
    this.#values = columns.map(() => undefined);
    this.#texts = columns.map(() => UNKNOWN);
    this.#isUsual = columns.map(() => true);
    this.#widths = columns.map(({ name, label = name }) => label.length);
    this.#draftWidths = [...this.#widths];
    this.#hasValue = columns.map(() => false);
    this.#draft = this.#begin();
  }

  /** @returns the row, for {@link line} */
  add(row: Row): string {
    let at = 0;
    for (const column of this.#columns) {
      const value = column.of(row);
      if (value !== this.#values[at]) this.#take(at, column, value);
      at++;
    }
    return this.#isUsual.includes(false) ? BETWEEN + this.#texts.join(BETWEEN) : this.#cells.join(GAP);
  }

  /** To be asked for once all rows are added. */
  get header(): string {
    return this.#lineOf(this.#columns.map(({ name, label = name }) => label));
  }

  /** A row that was added; without a line break. */
  line(row: string): string {
    const { gaps } = (this.#layout ??= this.#lay());
    const wider = row.startsWith(BETWEEN) ? undefined : gaps.get(row.length);
    return wider === undefined ? this.#lineOf(this.#textsOf(row)) : widened(row, wider).trimEnd();
  }

  /** Says which columns there was no room for; undefined when there was. */
  get footer(): string | undefined {
    const { left } = (this.#layout ??= this.#lay());
    return left.length === 0 ? undefined : `(no room for ${left.join(', ')}: --columns shows any)`;
  }

  /** The column has another value than in the row before. */
  #take(at: number, column: Column<Row>, value: ReturnType<Column<Row>['of']>): void {
    const text = textOf(column, value);
    const plain = isPlain(text);
    const width = plain ? text.length : cells(text);
    const isUsual = plain && width <= Math.max(USUAL_CELLS, this.#draftWidths[at] ?? 0);
    this.#values[at] = value;
    this.#texts[at] = text;
    this.#isUsual[at] = isUsual;
    this.#widths[at] = Math.max(this.#widths[at] ?? 0, width);
    const isFirst = text !== UNKNOWN && this.#hasValue[at] === false;
    if (isFirst) this.#hasValue[at] = true;
    const isWider = isUsual && width > (this.#draftWidths[at] ?? 0);
    if (isWider) this.#draftWidths[at] = width;
    if (isWider || (isFirst && column.isOptional === true)) this.#draft = this.#begin();
    else if (isUsual) this.#place(at);
  }

  #begin(): Draft {
    const kept = this.#keptColumns();
    const widths = [...this.#draftWidths];
    const draft = { kept, widths, length: total(kept, widths) };
    this.#drafts.set(draft.length, draft);
    this.#cells = kept.map((at) => this.#cellOf(at, widths));
    return draft;
  }

  #place(at: number): void {
    const { kept, widths } = this.#draft;
    const index = kept.indexOf(at);
    if (index !== -1) this.#cells[index] = this.#cellOf(at, widths);
  }

  #cellOf(at: number, widths: readonly number[]): string {
    const text = this.#texts[at] ?? '';
    const width = widths[at] ?? 0;
    return this.#isNumber(at) ? text.padStart(width) : text.padEnd(width);
  }

  /** Whatever draft it is in. */
  #textsOf(row: string): readonly string[] {
    if (row.startsWith(BETWEEN)) return row.slice(1).split(BETWEEN);
    const texts = this.#columns.map(() => UNKNOWN);
    const { kept, widths } = this.#drafts.get(row.length) as Draft;
    let from = 0;
    for (const at of kept) {
      const to = from + (widths[at] ?? 0);
      const cell = row.slice(from, to);
      texts[at] = this.#isNumber(at) ? cell.trimStart() : cell.trimEnd();
      from = to + GAP.length;
    }
    return texts;
  }

  #lineOf(texts: readonly string[]): string {
    const { kept, widths } = (this.#layout ??= this.#lay());
    const ellipsis = this.#options.ascii === true ? '~' : '…';
    const cellsOf = kept.map((at) => padded(texts[at] ?? '', widths[at] ?? 0, this.#isNumber(at), ellipsis));
    return cellsOf.join(GAP).trimEnd();
  }

  /** @returns undefined where other columns are shown, or narrower ones */
  #gapsBetween(draft: Draft, kept: readonly number[], widths: readonly number[]): readonly Gap[] | undefined {
    if (draft.kept.join() !== kept.join()) return undefined;
    const gaps: Gap[] = [];
    let from = 0;
    for (const at of kept) {
      const width = draft.widths[at] ?? 0;
      const more = (widths[at] ?? 0) - width;
      if (more < 0) return undefined;
      if (more > 0) gaps.push({ at: this.#isNumber(at) ? from : from + width, blanks: ' '.repeat(more) });
      from += width + GAP.length;
    }
    return gaps;
  }

  #isNumber(at: number): boolean {
    return this.#columns[at]?.kind === 'number';
  }

  #keptColumns(): number[] {
    return [...this.#columns.keys()].filter(
      (at) => this.#columns[at]?.isOptional !== true || this.#hasValue[at] === true,
    );
  }

  #lay(): Layout {
    const { width = Number.POSITIVE_INFINITY, expendable = [] } = this.#options;
    const widths = [...this.#widths];
    let kept = this.#keptColumns();
    const left: string[] = [];
    const wanted = widths.map((cells, at) => (this.#isNumber(at) ? cells : Math.min(cells, MODERATE_CELLS)));
    for (const name of expendable) {
      if (total(kept, wanted) <= width) break;
      const column = this.#columns.find((each) => each.name === name);
      if (column === undefined) continue;
      kept = kept.filter((at) => this.#columns[at] !== column);
      left.unshift(column.label ?? name);
    }
    const texts = kept.filter((at) => !this.#isNumber(at));
    narrow(texts, widths, total(kept, widths) - width);
    const gaps = new Map<number, readonly Gap[]>();
    for (const draft of this.#drafts.values()) {
      const wider = this.#gapsBetween(draft, kept, widths);
      if (wider !== undefined) gaps.set(draft.length, wider);
    }
    return { kept, widths, left, gaps };
  }
}
