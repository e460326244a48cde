import { type Field, fieldHint, type FieldValue, findField } from '../analyze/fields.ts';
import { parseWhere } from '../analyze/where.ts';
import type { ConnectionRow } from '../index.ts';
import { type OptionValues, usageError } from './command.ts';

const DEFAULT_COLUMNS =
  'id,client,server,packets,bytes,duration,rtt,retransmissions,opening,ended,zeekState,zeekHistory,anomalies';

/** Of those, which a narrow terminal goes without, the first to go first. */
export const EXPENDABLE: readonly string[] = [
  ...['zeekState', 'opening', 'zeekHistory', 'rtt', 'retransmissions', 'packets', 'bytes', 'duration'],
];

/** What a row is sorted by; it need not be kept for that. */
export interface SortKey {
  readonly id: number;
  readonly value: FieldValue;
}

export interface Order {
  readonly valueOf: (row: ConnectionRow) => FieldValue;
  readonly compare: (a: SortKey, b: SortKey) => number;
}

/** What is shown, and how. */
export interface View {
  readonly kind: 'table' | 'json' | 'zeek' | 'zeek-json' | 'summary' | 'ladder';
  /** Behind a summary, as lines of JSON. */
  readonly json: boolean;
  readonly matches: (row: ConnectionRow) => boolean;
  /** Undefined: as they come. */
  readonly order: Order | undefined;
  readonly top: number;
  readonly columns: readonly Field[];
  /** Whether those are the usual ones, for people to read, and not asked for. */
  readonly isUsual: boolean;
  readonly connection: number | undefined;
  readonly checksums: boolean;
  readonly needsCommunityId: boolean;
}

/** Options that make no sense behind another one. */
const EXCLUDED: Readonly<Record<string, readonly string[]>> = {
  connection: ['where', 'sort', 'top', 'columns', 'summary', 'format'],
  summary: ['where', 'sort', 'top', 'columns', 'format'],
  json: ['columns', 'format'],
  format: ['columns'],
};

/** @throws FinwaitError ERR_FINWAIT_USAGE naming the option that is wrong */
export function readView(values: OptionValues): View {
  refuseContradictions(values);
  const { where, sort, top, columns, connection, json, checksums } = values;
  const mentioned = [where, sort, columns].join(' ').toLowerCase();
  const kind = kindOf(values);
  // A table is in order; rows of data go out as their connections end, unless they are to be sorted or counted.
  const isSorted = kind === 'table' || sort !== undefined || top !== undefined;
  return {
    kind,
    json: json === true,
    matches: where === undefined ? () => true : parseWhere(String(where)),
    order: isSorted ? orderBy(String(sort ?? 'id')) : undefined,
    top: top === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--top', top),
    columns: String(columns ?? DEFAULT_COLUMNS)
      .split(',')
      .map((name) => fieldNamed(name, '--columns')),
    isUsual: columns === undefined,
    connection: connection === undefined ? undefined : wholeNumber('--connection', connection),
    checksums: checksums === true,
    needsCommunityId: kind === 'json' || mentioned.includes('communityid'),
  };
}

function refuseContradictions(values: OptionValues): void {
  for (const [option, excluded] of Object.entries(EXCLUDED)) {
    if (values[option] === undefined) continue;
    const other = excluded.find((name) => values[name] !== undefined);
    if (other === undefined) continue;
    throw usageError(
      `--${option} and --${other} do not go together.`,
      'finwait analyze --help shows the options.',
    );
  }
}

function kindOf({ connection, summary, json, format }: OptionValues): View['kind'] {
  if (connection !== undefined) return 'ladder';
  if (summary === true) return 'summary';
  if (json === true) return 'json';
  if (format === undefined) return 'table';
  if (format === 'zeek' || format === 'zeek-json') return format;
  throw usageError(`--format takes zeek or zeek-json, not "${String(format)}".`, 'Leave it out for a table.');
}

function orderBy(text: string): Order {
  const descending = text.startsWith('-');
  const { of } = fieldNamed(descending ? text.slice(1) : text, '--sort');
  const sign = descending ? -1 : 1;
  return {
    valueOf: of,
    compare: ({ id: leftId, value: left }, { id: rightId, value: right }) => {
      if (left === right) return leftId - rightId;
      // What is not known comes last, whichever way.
      if (left === undefined) return 1;
      if (right === undefined) return -1;
      return (left < right ? -1 : 1) * sign;
    },
  };
}

function fieldNamed(name: string, option: string): Field {
  const field = findField(name.trim());
  if (field === undefined) {
    throw usageError(`${option}: there is no field "${name.trim()}".`, fieldHint(name.trim()));
  }
  return field;
}

function wholeNumber(option: string, text: string | boolean): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1 || !/^\d+$/.test(String(text))) {
    throw usageError(
      `${option} takes a whole number from 1, not "${String(text)}".`,
      'finwait analyze --help shows the options.',
    );
  }
  return number;
}
