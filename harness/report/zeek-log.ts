import type { ZeekLogRow } from '../model/zeek-log-row.ts';

interface Column {
  readonly name: string;
  /** Zeek's type. `time`, `interval`, `port` and `count` are numbers in JSON. */
  readonly type: 'time' | 'interval' | 'port' | 'count' | 'string' | 'addr' | 'enum';
  /** The value as text; undefined when unset. */
  readonly text: (row: ZeekLogRow) => string | undefined;
}

/** In Zeek's order. Source: Zeek, scripts/base/protocols/conn/main.zeek; policy/protocols/conn/community-id-logging. */
const COLUMNS: readonly Column[] = [
  { name: 'ts', type: 'time', text: (row) => epochText(row.startSeconds, row.startNanoseconds) },
  { name: 'uid', type: 'string', text: (row) => row.uid },
  { name: 'id.orig_h', type: 'addr', text: (row) => row.origHost },
  { name: 'id.orig_p', type: 'port', text: (row) => countText(row.origPort) },
  { name: 'id.resp_h', type: 'addr', text: (row) => row.respHost },
  { name: 'id.resp_p', type: 'port', text: (row) => countText(row.respPort) },
  { name: 'proto', type: 'enum', text: () => 'tcp' },
  { name: 'service', type: 'string', text: (row) => row.service },
  { name: 'duration', type: 'interval', text: (row) => row.duration?.toFixed(6) },
  { name: 'orig_bytes', type: 'count', text: (row) => countText(row.origBytes) },
  { name: 'resp_bytes', type: 'count', text: (row) => countText(row.respBytes) },
  { name: 'conn_state', type: 'string', text: (row) => row.connState },
  { name: 'missed_bytes', type: 'count', text: (row) => countText(row.missedBytes) },
  // Zeek leaves an empty history unset.
  { name: 'history', type: 'string', text: (row) => (row.history === '' ? undefined : row.history) },
  { name: 'orig_pkts', type: 'count', text: (row) => countText(row.origPkts) },
  { name: 'orig_ip_bytes', type: 'count', text: (row) => countText(row.origIpBytes) },
  { name: 'resp_pkts', type: 'count', text: (row) => countText(row.respPkts) },
  { name: 'resp_ip_bytes', type: 'count', text: (row) => countText(row.respIpBytes) },
  { name: 'community_id', type: 'string', text: (row) => row.communityId },
];

const NUMERIC: ReadonlySet<Column['type']> = new Set(['time', 'interval', 'port', 'count']);
const SEPARATOR = '\t';
const UNSET = '-';
const EMPTY = '(empty)';

/** The lines before the rows, which say how to read them. Each line ends with `\n`. */
export function renderZeekLogHeader(): string {
  const lines = [
    // The one line that its own separator does not apply to.
    '#separator \\x09',
    ['#set_separator', ','].join(SEPARATOR),
    ['#empty_field', EMPTY].join(SEPARATOR),
    ['#unset_field', UNSET].join(SEPARATOR),
    ['#path', 'conn'].join(SEPARATOR),
    ['#fields', ...COLUMNS.map(({ name }) => name)].join(SEPARATOR),
    ['#types', ...COLUMNS.map(({ type }) => type)].join(SEPARATOR),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** One row of conn.log; ends with `\n`. */
export function renderZeekLogRow(row: ZeekLogRow): string {
  return `${COLUMNS.map(({ text }) => tsvValue(text(row))).join(SEPARATOR)}\n`;
}

/** One row as a JSON object on one line, unset fields left out; ends with `\n`. */
export function renderZeekJsonRow(row: ZeekLogRow): string {
  const members: string[] = [];
  for (const { name, type, text } of COLUMNS) {
    const value = text(row);
    if (value === undefined) continue;
    members.push(`"${name}":${NUMERIC.has(type) ? value : jsonString(value)}`);
  }
  return `{${members.join(',')}}\n`;
}

/** Cut to microseconds, as Zeek's times are. */
function epochText(seconds: number, nanoseconds: number): string {
  const microseconds = Math.floor(nanoseconds / 1000);
  return `${seconds}.${String(microseconds).padStart(6, '0')}`;
}

function countText(count: number | undefined): string | undefined {
  return count === undefined ? undefined : String(count);
}

function tsvValue(value: string | undefined): string {
  if (value === undefined) return UNSET;
  if (value === '') return EMPTY;
  // A value that only looks unset or empty.
  if (value === UNSET || value === EMPTY) return hexEscape(value.charAt(0)) + value.slice(1);
  return value.replace(/[^\x20-\x7e]|\\/gu, hexEscape);
}

/** The UTF-8 octets of a character, each as `\xHH`. */
function hexEscape(character: string): string {
  return [...new TextEncoder().encode(character)]
    .map((octet) => `\\x${octet.toString(16).padStart(2, '0')}`)
    .join('');
}

/** Nothing outside ASCII, so that nothing steers a terminal. */
function jsonString(value: string): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
