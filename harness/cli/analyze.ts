import {
  analyzeCapture,
  type CaptureAnalysis,
  type CaptureSource,
  type ConnectionRow,
  correlate,
  type Field,
  findField,
  openCaptureSource,
  parseWhere,
  type ZeekLogRow,
} from '../index.ts';
import { renderJsonLine } from '../report/json.ts';
import { renderAnalysisSummary } from '../report/terminal/analysis.ts';
import { renderLadder } from '../report/terminal/ladder.ts';
import { renderTable } from '../report/terminal/table.ts';
import { printable } from '../report/terminal/text.ts';
import { renderZeekJsonRow, renderZeekLogHeader, renderZeekLogRow } from '../report/zeek-log.ts';
import { type Command, type OptionValues, usageError } from './command.ts';
import { ExitCode } from './exit-codes.ts';
import { Progress } from './progress.ts';
import { print, say, textOptions } from './terminal.ts';

/** Version of what `--json` prints; raised when a field changes its meaning or goes. */
const JSON_SCHEMA_VERSION = 1;

const DEFAULT_COLUMNS =
  'id,client,server,packets,bytes,duration,opening,ending,closedBy,resetBy,retransmissions,rtt,zeekState';

export const analyze: Command = {
  name: 'analyze',
  synopsis: 'FILE… | -',
  about: 'tell of every TCP connection in captures how it opened, closed, and what was odd',
  positionals: true,
  options: {
    where: { type: 'string', about: "only connections that match, as 'closedBy=server and reset'" },
    sort: { type: 'string', about: 'by this field; -FIELD for descending (default: id)' },
    top: { type: 'string', about: 'only so many connections' },
    columns: { type: 'string', about: 'these fields, by commas; docs/analyze.md explains each' },
    connection: { type: 'string', about: 'the ladder of the connection with this id' },
    summary: { type: 'boolean', about: 'only count how connections ended' },
    json: { type: 'boolean', about: 'a line of JSON a connection' },
    format: {
      type: 'string',
      about: "zeek (conn.log as TSV) or zeek-json (a JSON object a row, Zeek's names)",
    },
    checksums: { type: 'boolean', about: 'leave out packets with wrong checksums, as their receivers did' },
    ascii: { type: 'boolean', about: 'draw with ASCII characters only' },
  },
  async run(values, paths) {
    if (paths.length === 0) {
      throw usageError(
        'analyze needs a capture.',
        'finwait analyze FILE, or tcpdump -w - | finwait analyze -',
      );
    }
    const view = readView(values);
    let damaged = false;
    for (const path of paths) {
      const source = await openCaptureSource(path);
      const analysis = await showCapture(source, view, values);
      damaged = tellDamage(source.name, analysis) || damaged;
    }
    return damaged ? ExitCode.damagedEvidence : ExitCode.met;
  },
};

/** What of the rows is wanted. */
interface View {
  readonly matches: (row: ConnectionRow) => boolean;
  readonly compare: (a: ConnectionRow, b: ConnectionRow) => number;
  readonly top: number;
  readonly columns: readonly Field[];
  readonly connection: number | undefined;
  readonly needsCommunityId: boolean;
  readonly format: 'zeek' | 'zeek-json' | undefined;
}

function readView(values: OptionValues): View {
  const { where, sort, top, columns, connection } = values;
  const names = String(columns ?? DEFAULT_COLUMNS).split(',');
  const mentioned = [where, sort, columns].join(' ').toLowerCase();
  return {
    matches: where === undefined ? () => true : parseWhere(String(where)),
    compare: comparison(String(sort ?? 'id')),
    top: top === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--top', top),
    columns: names.map((name) => fieldNamed(name, '--columns')),
    connection: connection === undefined ? undefined : wholeNumber('--connection', connection),
    format: readFormat(values['format']),
    needsCommunityId: values['json'] === true || mentioned.includes('communityid'),
  };
}

async function showCapture(
  source: CaptureSource,
  view: View,
  values: OptionValues,
): Promise<CaptureAnalysis> {
  if (view.connection !== undefined) return await showLadder(source, view.connection, values);
  const rows: Shown[] = [];
  const json = values['json'] === true;
  if (json) print(renderJsonLine({ schemaVersion: JSON_SCHEMA_VERSION, kind: 'capture', name: source.name }));
  const counting = values['summary'] === true && !json;
  using progress = new Progress(source);
  const analysis = await analyzeCapture(source, {
    communityIds: view.needsCommunityId,
    checksums: values['checksums'] === true,
    onProgress: () => {
      progress.show();
    },
    ...(!counting && {
      onRow: (row, zeekRow) => {
        if (view.matches(row)) rows.push({ row, zeekRow });
      },
    }),
    ...(view.format !== undefined && { zeekRun: source.name }),
  });
  progress.clear();
  if (counting) print(renderAnalysisSummary(printable(source.name), analysis));
  else showRows(rows.sort((a, b) => view.compare(a.row, b.row)).slice(0, view.top), view, json);
  if (json) {
    const { segments: _segments, ...counts } = analysis;
    print(renderJsonLine({ kind: 'summary', ...counts }));
  }
  return analysis;
}

/** A connection that is shown, in our words and, where asked for, in Zeek's. */
interface Shown {
  readonly row: ConnectionRow;
  readonly zeekRow: ZeekLogRow | undefined;
}

function showRows(rows: readonly Shown[], { columns, format }: View, json: boolean): void {
  if (format !== undefined) {
    if (format === 'zeek') print(renderZeekLogHeader());
    const render = format === 'zeek' ? renderZeekLogRow : renderZeekJsonRow;
    for (const { zeekRow } of rows) if (zeekRow !== undefined) print(render(zeekRow));
  } else if (json) {
    for (const { row } of rows) print(renderJsonLine({ kind: 'connection', ...row }));
  } else {
    print(
      renderTable(
        rows.map(({ row }) => row),
        columns,
      ),
    );
  }
}

async function showLadder(
  source: CaptureSource,
  connection: number,
  values: OptionValues,
): Promise<CaptureAnalysis> {
  let server: ConnectionRow['server'] | undefined;
  const analysis = await analyzeCapture(source, {
    follow: connection,
    checksums: values['checksums'] === true,
    onRow: (row) => {
      if (row.id === connection) ({ server } = row);
    },
  });
  if (server === undefined) {
    throw usageError(
      `${source.name} has no connection ${connection}: there are ${analysis.connections}.`,
      'finwait analyze FILE lists them with their ids.',
    );
  }
  const { segments } = analysis;
  const nothing = { snapshots: [], reports: [], clockReadings: [], holds: [], damage: [] };
  const timeline = correlate({ server, segments, ...nothing });
  for (const each of timeline.connections)
    print(renderLadder({ ...each, id: connection }, textOptions(values)));
  return analysis;
}

/** @returns whether the capture is damaged */
function tellDamage(name: string, analysis: CaptureAnalysis): boolean {
  const { damage, undecodable, firstUndecodable, evicted, fragments } = analysis;
  const label = printable(name);
  for (const { kind, offset, problem } of damage)
    say(`${label}: ${kind} at byte ${offset}: ${printable(problem)}`);
  if (undecodable > 0)
    say(`${label}: ${undecodable} frames could not be decoded; the first: ${firstUndecodable ?? ''}`);
  if (fragments > 0) say(`${label}: ${fragments} IP fragments did not complete a packet`);
  if (evicted > 0) say(`${label}: ${evicted} connections were finished early, to keep memory bounded`);
  return damage.length > 0;
}

function readFormat(text: OptionValues[string]): View['format'] {
  if (text === undefined || text === 'zeek' || text === 'zeek-json') return text;
  throw usageError(`--format takes zeek or zeek-json, not "${String(text)}".`, 'Leave it out for a table.');
}

function comparison(text: string): View['compare'] {
  const descending = text.startsWith('-');
  const { of } = fieldNamed(descending ? text.slice(1) : text, '--sort');
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const [left, right] = [of(a), of(b)];
    if (left === right) return a.id - b.id;
    // What is not known comes last, whichever way.
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    return (left < right ? -1 : 1) * sign;
  };
}

function fieldNamed(name: string, option: string): Field {
  const field = findField(name.trim());
  if (field === undefined) {
    throw usageError(
      `${option}: there is no field "${name}".`,
      'finwait analyze --where x lists them; docs/analyze.md explains them.',
    );
  }
  return field;
}

function wholeNumber(option: string, text: string | boolean): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw usageError(
      `${option} takes a whole number from 1, not "${String(text)}".`,
      'finwait analyze --help shows the options.',
    );
  }
  return number;
}
