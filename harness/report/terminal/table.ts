/** Rows and columns of text, for a terminal or a pipe. */
import { printable } from './printable.ts';
import { cells } from './text.ts';

export interface Column<Row> {
  readonly name: string;
  /** Numbers stand right, texts left. */
  readonly kind: 'number' | 'text' | 'flag';
  readonly of: (row: Row) => number | string | boolean | undefined;
}

/**
 * A header and a line a row, columns as wide as their widest value and two blanks apart. What is not known is `-`.
 * Text from outside is stripped of control characters. Lines may be wider than a terminal: cut lines hide facts.
 * @returns lines joined by `\n`, with one at the end
 */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const texts = columns.map((column) => rows.map((row) => cellText(column.of(row))));
  const widths = columns.map(({ name }, at) => widest(name, texts[at] ?? []));
  const lines: string[] = [
    joinCells(
      columns.map(({ name }) => name),
      columns,
      widths,
    ),
  ];
  for (let row = 0; row < rows.length; row++) {
    lines.push(
      joinCells(
        texts.map((column) => column[row] ?? ''),
        columns,
        widths,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
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

function joinCells<Row>(
  texts: readonly string[],
  columns: readonly Column<Row>[],
  widths: readonly number[],
): string {
  let line = '';
  for (const [at, text] of texts.entries()) {
    const blanks = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(text)));
    line += `${at === 0 ? '' : '  '}${columns[at]?.kind === 'number' ? blanks + text : text + blanks}`;
  }
  return line.trimEnd();
}

function widest(name: string, texts: readonly string[]): number {
  let width = name.length;
  for (const text of texts) width = Math.max(width, widthOf(text));
  return width;
}

const PLAIN = /^[\x20-\x7e]*$/;

/** Nearly every cell is ASCII, whose width needs no tables. */
function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : cells(text);
}
