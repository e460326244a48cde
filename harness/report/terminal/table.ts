/** Rows and columns of text, for a terminal or a pipe. */
import { printable } from './printable.ts';
import { cells } from './text.ts';

export interface Column<Row> {
  readonly name: string;
  /** Numbers stand right, texts left. */
  readonly kind: 'number' | 'text' | 'flag';
  readonly of: (row: Row) => number | string | boolean | undefined;
}

/** Between the cells of a row that waits: no cell has it, for it is not printable. */
const BETWEEN = '\0';

/**
 * A header and a line a row, columns as wide as their widest value and two blanks apart. What is not known is `-`.
 * Text from outside is stripped of control characters. Lines may be wider than a terminal: cut lines hide facts.
 *
 * A row is measured when it is added and laid out when all are: in between it is no more than its text.
 */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #widths: number[];

  constructor(columns: readonly Column<Row>[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ name }) => name.length);
  }

  /** @returns the row's cells, for {@link line} */
  add(row: Row): string {
    const texts: string[] = [];
    const widths = this.#widths;
    for (const [at, column] of this.#columns.entries()) {
      const text = cellText(column.of(row));
      const width = widthOf(text);
      if (width > (widths[at] ?? 0)) widths[at] = width;
      texts.push(text);
    }
    return texts.join(BETWEEN);
  }

  get header(): string {
    return this.line(this.#columns.map(({ name }) => name).join(BETWEEN));
  }

  /** A row that was added, laid out; without a line break. */
  line(cells: string): string {
    let line = '';
    for (const [at, text] of cells.split(BETWEEN).entries()) {
      const blanks = ' '.repeat(Math.max(0, (this.#widths[at] ?? 0) - widthOf(text)));
      line += `${at === 0 ? '' : '  '}${this.#columns[at]?.kind === 'number' ? blanks + text : text + blanks}`;
    }
    return line.trimEnd();
  }
}

/** `0.412`, `-`, `yes`: numbers with at most three decimals. */
export function cellText(value: number | string | boolean | undefined): string {
  switch (typeof value) {
    case 'undefined':
      return '-';
    case 'number':
      return Number.isInteger(value) ? String(value) : value.toFixed(3);
    case 'boolean':
      return value ? 'yes' : 'no';
    default:
      return printable(value);
  }
}

const PLAIN = /^[\x20-\x7e]*$/;

/** Nearly every cell is ASCII, whose width needs no tables. */
function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : cells(text);
}
