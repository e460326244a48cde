/** Rows and columns of text, for a terminal or a pipe. */
import { isPlain, printable } from './printable.ts';
import { cells } from './text.ts';
import { durationOfMs } from './time.ts';

export interface Column<Row> {
  readonly name: string;
  /** What stands above it in place of its name. */
  readonly label?: string;
  /** Numbers stand right, texts left. */
  readonly kind: 'number' | 'text' | 'flag';
  /** Of a number: shown with three digits and the unit that suits them, `0.412ms`, `27.1ms`, `90s`. */
  readonly unit?: 'ms';
  /** Left out where not one row has a value. */
  readonly isOptional?: boolean;
  readonly of: (row: Row) => number | string | boolean | undefined;
}

export interface TableOptions {
  /** Cells that a line may take. @default no limit: cut lines hide facts */
  readonly width?: number | undefined;
  /** Names of columns that may be left out to keep within it, the first to go first. @default none */
  readonly expendable?: readonly string[];
  readonly ascii?: boolean;
}

/** Between the cells of a row that waits: no cell has it, for it is not printable. */
const BETWEEN = '\0';
const UNKNOWN = '-';
const GAP = 2;
/** Texts are cut to this before a column goes, and where none may go any more, to this. */
const MODERATE_CELLS = 24;
const LEAST_CELLS = 9;

/**
 * A header and a line a row, columns as wide as their widest value and two blanks apart. What is not known is `-`.
 * Text from outside is stripped of control characters. Where a width is to be kept, columns are left out, and after
 * that texts are cut in their middle.
 *
 * A row is measured when it is added and laid out when all are: in between it is no more than its text.
 */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #options: TableOptions;
  readonly #widths: number[];
  readonly #hasValue: boolean[];
  #layout: Layout | undefined;

  constructor(columns: readonly Column<Row>[], options: TableOptions = {}) {
    this.#columns = columns;
    this.#options = options;
    this.#widths = columns.map(({ name, label = name }) => label.length);
    this.#hasValue = columns.map(() => false);
  }

  /** @returns the row's cells, for {@link line} */
  add(row: Row): string {
    const texts: string[] = [];
    const widths = this.#widths;
    let at = -1;
    for (const column of this.#columns) {
      at++;
      const text = textOf(column, row);
      const width = column.kind === 'number' ? text.length : cells(text);
      if (width > (widths[at] ?? 0)) widths[at] = width;
      if (text !== UNKNOWN) this.#hasValue[at] = true;
      texts.push(text);
    }
    return texts.join(BETWEEN);
  }

  /** To be asked for once all rows are added. */
  get header(): string {
    return this.line(this.#columns.map(({ name, label = name }) => label).join(BETWEEN));
  }

  /** A row that was added, laid out; without a line break. */
  line(row: string): string {
    const { kept, widths } = (this.#layout ??= this.#lay());
    const texts = row.split(BETWEEN);
    let line = '';
    for (const at of kept) {
      const width = widths[at] ?? 0;
      const isNumber = this.#columns[at]?.kind === 'number';
      if (line !== '') line += '  ';
      line += padded(texts[at] ?? '', width, isNumber, this.#options.ascii === true ? '~' : '…');
    }
    return line.trimEnd();
  }

  /** Says which columns there was no room for; undefined when there was. */
  get footer(): string | undefined {
    const { left } = (this.#layout ??= this.#lay());
    return left.length === 0 ? undefined : `(no room for ${left.join(', ')}: --columns shows any)`;
  }

  #lay(): Layout {
    const { width = Number.POSITIVE_INFINITY, expendable = [] } = this.#options;
    const widths = [...this.#widths];
    let kept = [...this.#columns.keys()].filter(
      (at) => this.#columns[at]?.isOptional !== true || this.#hasValue[at] === true,
    );
    const left: string[] = [];
    const wanted = widths.map((cells, at) =>
      this.#columns[at]?.kind === 'number' ? cells : Math.min(cells, MODERATE_CELLS),
    );
    for (const name of expendable) {
      if (total(kept, wanted) <= width) break;
      const column = this.#columns.find((each) => each.name === name);
      if (column === undefined) continue;
      kept = kept.filter((at) => this.#columns[at] !== column);
      left.unshift(column.label ?? name);
    }
    const texts = kept.filter((at) => this.#columns[at]?.kind !== 'number');
    narrow(texts, widths, total(kept, widths) - width);
    return { kept, widths, left };
  }
}

interface Layout {
  /** Places of the columns that are shown. */
  readonly kept: readonly number[];
  /** Cells, of all columns. */
  readonly widths: readonly number[];
  /** What stands above those that there is no room for. */
  readonly left: readonly string[];
}

function total(kept: readonly number[], widths: readonly number[]): number {
  return kept.reduce((sum, at) => sum + (widths[at] ?? 0), GAP * (kept.length - 1));
}

/** Cuts the widest texts, a cell at a time, until the line fits or nothing more may be cut. */
function narrow(texts: readonly number[], widths: number[], excess: number): void {
  for (let left = excess; left > 0; left--) {
    const widest = [...texts].sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0] ?? -1;
    const width = widths[widest] ?? 0;
    if (width <= LEAST_CELLS) return;
    widths[widest] = width - 1;
  }
}

function textOf<Row>({ unit, of }: Column<Row>, row: Row): string {
  const value = of(row);
  return unit === 'ms' && typeof value === 'number' ? durationOfMs(value, '') : cellText(value);
}

/** `0.412`, `-`, `yes`: numbers with at most three decimals. */
export function cellText(value: number | string | boolean | undefined): string {
  switch (typeof value) {
    case 'undefined':
      return UNKNOWN;
    case 'number':
      return Number.isInteger(value) ? String(value) : value.toFixed(3);
    case 'boolean':
      return value ? 'yes' : 'no';
    default:
      return printable(value);
  }
}

function padded(text: string, width: number, isNumber: boolean, ellipsis: string): string {
  if (isNumber) return text.padStart(width);
  if (text.length <= width && isPlain(text)) return text.padEnd(width);
  const shown = cut(text, width, ellipsis);
  return shown + ' '.repeat(Math.max(0, width - cells(shown)));
}

/** Both ends of a text say more than its middle: an address ends in its port. */
function cut(text: string, width: number, ellipsis: string): string {
  if (cells(text) <= width) return text;
  const characters = Array.from(text);
  const half = (width - 1) / 2;
  const back = characters.slice(-Math.floor(half));
  while (back.length > 0 && cells(back.join('')) > half) back.shift();
  const front = characters.slice(0, width - 1);
  while (front.length > 0 && cells(front.join('')) + 1 + cells(back.join('')) > width) front.pop();
  return `${front.join('')}${ellipsis}${back.join('')}`;
}
