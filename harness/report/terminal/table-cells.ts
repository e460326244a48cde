/** What stands in a table, each cell for itself. */
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

/** What is not known. */
export const UNKNOWN = '-';

export function textOf<Row>({ unit }: Column<Row>, value: ReturnType<Column<Row>['of']>): string {
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
      return printable(value).trimEnd();
  }
}

export function padded(text: string, width: number, isNumber: boolean, ellipsis: string): string {
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
