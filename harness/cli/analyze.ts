import { isFinwaitError } from '../errors.ts';
import { analyzeCapture } from '../analyze/analyze-capture.ts';
import { openCaptureSource } from '../analyze/capture-source.ts';
import type { CaptureAnalysis, CaptureSource, ConnectionRow, ZeekLogRow } from '../index.ts';
import { renderJsonLine } from '../report/json.ts';
import { renderAnalysisSummary } from '../report/terminal/analysis.ts';
import { printable } from '../report/terminal/printable.ts';
import type { Table } from '../report/terminal/table.ts';
import { renderZeekJsonRow, renderZeekLogHeader, renderZeekLogRow } from '../report/zeek-log.ts';
import { EXPENDABLE, readView, type SortKey, type View } from './analyze-view.ts';
import { hasCapture, isRunDirectory } from './run-directory.ts';
import { type Command, type OptionValues, usageError } from './command.ts';
import { ExitCode } from './exit-codes.ts';
import { Progress } from './progress.ts';
import { print, say, tableOptions, textOptions } from './terminal.ts';

/** Version of what `--json` prints; raised when a field changes its meaning or goes. */
const JSON_SCHEMA_VERSION = 1;

const STDIN = '-';

export const analyze: Command = {
  name: 'analyze',
  synopsis: 'FILE… | RUN | -',
  about: 'tell of every TCP connection in captures, or of a run, how it opened, closed, and what was odd',
  positionals: true,
  options: {
    where: { type: 'string', about: "only connections that match, as 'closedBy=server and reset'" },
    sort: { type: 'string', about: 'by this field; --sort=-FIELD for descending (default: id)' },
    top: { type: 'string', about: 'only so many connections' },
    columns: { type: 'string', about: 'these fields, by commas; docs/analyze.md explains each' },
    connection: {
      type: 'string',
      about: 'the ladder of the connection with this id; with --json, its states over time',
    },
    summary: {
      type: 'boolean',
      about: 'what all connections add up to: how they ended, delays, losses, oddities',
    },
    json: { type: 'boolean', about: 'a line of JSON a connection' },
    format: {
      type: 'string',
      about: "zeek (conn.log as TSV) or zeek-json (a JSON object a row, Zeek's names)",
    },
    checksums: { type: 'boolean', about: 'leave out packets with wrong checksums, as their receivers did' },
    ascii: { type: 'boolean', about: 'draw with ASCII characters only' },
  },
  async run(values, paths) {
    refusePaths(paths);
    const view = readView(values);
    let damaged = false;
    if (view.kind === 'zeek') print(renderZeekLogHeader());
    for (const named of paths) {
      const isRun = isRunDirectory(named);
      if (isRun && isToldAsRun(named, values, view))
        return await (await import('./analyze-run.ts')).analyzeRun(named, view, values);
      const path = isRun ? await (await import('../index.ts')).captureOfRun(named) : named;
      const source = await openSource(path);
      if (paths.length > 1 && (view.kind === 'table' || view.kind === 'ladder')) {
        print(`${named === paths[0] ? '' : '\n'}${printable(source.name)}:`);
      }
      const analysis = await showCapture(source, view, values);
      tellTroubles(source.name, analysis);
      damaged ||= analysis.damage.length > 0;
    }
    return damaged ? ExitCode.damagedEvidence : ExitCode.met;
  },
};

/** What is asked of rows is answered by the run's capture, as of any other; without one, `--where` by the report. */
function isToldAsRun(path: string, { where, sort, top, columns }: OptionValues, { kind }: View): boolean {
  if (kind === 'ladder' || kind === 'json') return true;
  if (kind !== 'table' || [sort, top, columns].some((each) => each !== undefined)) return false;
  return where === undefined || !hasCapture(path);
}

function refusePaths(paths: readonly string[]): void {
  if (paths.length === 0) {
    throw usageError('analyze needs a capture.', 'finwait analyze FILE, or tcpdump -w - | finwait analyze -');
  }
  if (paths.filter((path) => path === STDIN).length > 1) {
    throw usageError('Standard input can be read once.', 'finwait analyze - names it once.');
  }
}

/** What cannot even be opened was named wrong; what can, and is no capture, is damaged evidence. */
async function openSource(path: string): Promise<CaptureSource> {
  // Ctrl-C in `tcpdump -w - | finwait analyze -` is for tcpdump: what it captured is still to be told.
  if (path === STDIN) process.once('SIGINT', () => undefined);
  try {
    return await openCaptureSource(path);
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
    throw usageError(error.message, error.hint ?? '');
  }
}

async function showCapture(
  source: CaptureSource,
  view: View,
  values: OptionValues,
): Promise<CaptureAnalysis> {
  switch (view.kind) {
    case 'ladder':
      return await showLadder(source, view, values);
    case 'summary':
      return await showSummary(source, view);
    default:
      return await showRows(source, view, values);
  }
}

async function showSummary(source: CaptureSource, { json, checksums }: View): Promise<CaptureAnalysis> {
  if (json) print(captureLine(source));
  using progress = new Progress(source);
  const onProgress = (): void => {
    progress.show();
  };
  const analysis = await analyzeCapture(source, { checksums, onProgress });
  progress.clear();
  print(json ? summaryLine(analysis) : renderAnalysisSummary(printable(source.name), analysis));
  return analysis;
}

/** A connection that is to be shown: no more is kept of it than what it is sorted by and what is printed. */
interface Kept extends SortKey {
  readonly text: string;
}

/** Lines that are written in one go. */
const LINES_AT_ONCE = 1000;

async function showRows(source: CaptureSource, view: View, values: OptionValues): Promise<CaptureAnalysis> {
  const { kind, order, top } = view;
  if (kind === 'json') print(captureLine(source));
  const table = kind === 'table' ? await startTable(view, values) : undefined;
  const kept: Kept[] = [];
  const analysis = await analyzeRows(source, view, (row, zeekRow) => {
    const text = table?.add(row) ?? renderRow(row, zeekRow, kind).replace(/\n$/, '');
    if (order === undefined) print(text);
    else kept.push({ id: row.id, value: order.valueOf(row), text });
  });
  if (order !== undefined) kept.sort(order.compare);
  if (table !== undefined) print(table.header);
  for (let at = 0; at < Math.min(top, kept.length); at += LINES_AT_ONCE) {
    const lines = kept.slice(at, Math.min(at + LINES_AT_ONCE, top)).map(({ text }) => text);
    print((table === undefined ? lines : lines.map((cells) => table.line(cells))).join('\n'));
  }
  if (table?.footer !== undefined) print(table.footer);
  if (kind === 'json') print(summaryLine(analysis));
  return analysis;
}

/** Measuring text takes as long to load as all the rest, and nothing but a table does it. */
async function startTable({ columns, isUsual }: View, values: OptionValues): Promise<Table<ConnectionRow>> {
  const { Table } = await import('../report/terminal/table.ts');
  // Who asks for columns by name reads them by that name, and in numbers.
  if (!isUsual) return new Table(columns.map(({ name, kind, of }) => ({ name, kind, of })));
  const usual = columns.map((column) => ({ ...column, isOptional: column.name === 'anomalies' }));
  return new Table(usual, { expendable: EXPENDABLE, ...tableOptions(values) });
}

async function analyzeRows(
  source: CaptureSource,
  { kind, matches, checksums, needsCommunityId }: View,
  show: (row: ConnectionRow, zeekRow: ZeekLogRow | undefined) => void,
): Promise<CaptureAnalysis> {
  using progress = new Progress(source);
  return await analyzeCapture(source, {
    communityIds: needsCommunityId,
    checksums,
    // A line of JSON holds all of a row.
    passingRows: kind !== 'json',
    onProgress: () => {
      progress.show();
    },
    onRow: (row, zeekRow) => {
      if (matches === undefined || matches(row)) show(row, zeekRow);
    },
    ...(kind.startsWith('zeek') && { zeekRun: source.name }),
  });
}

function renderRow(row: ConnectionRow, zeekRow: ZeekLogRow | undefined, kind: View['kind']): string {
  if (zeekRow === undefined) return renderJsonLine({ kind: 'connection', ...row });
  return kind === 'zeek' ? renderZeekLogRow(zeekRow) : renderZeekJsonRow(zeekRow);
}

function captureLine({ name }: CaptureSource): string {
  return renderJsonLine({ kind: 'capture', schemaVersion: JSON_SCHEMA_VERSION, name });
}

function summaryLine(analysis: CaptureAnalysis): string {
  const { segments: _segments, ...counts } = analysis;
  return renderJsonLine({ kind: 'summary', ...counts });
}

async function showLadder(
  source: CaptureSource,
  { connection, checksums, json }: View,
  values: OptionValues,
): Promise<CaptureAnalysis> {
  let found: ConnectionRow | undefined;
  const analysis = await analyzeCapture(source, {
    ...(connection !== undefined && { follow: connection }),
    checksums,
    communityIds: json,
    onRow: (row) => {
      if (row.id === connection) found = row;
    },
  });
  if (found === undefined || connection === undefined) {
    throw usageError(
      `${source.name} has no connection ${connection ?? ''}: there are ${analysis.connections}.`,
      'finwait analyze FILE lists them with their ids.',
    );
  }
  const { segments } = analysis;
  const { server } = found;
  const { correlate, renderLadder, stateChanges } = await import('../index.ts');
  const nothing = { snapshots: [], reports: [], clockReadings: [], holds: [], damage: [], wireMayMiss: true };
  const timeline = correlate({ server, segments, ...nothing }, { oneConnection: true });
  if (json) {
    const changes = timeline.connections.flatMap(stateChanges);
    print(captureLine(source));
    print(renderJsonLine({ kind: 'connection', ...found, stateChanges: changes }));
    return analysis;
  }
  for (const each of timeline.connections)
    print(renderLadder({ ...each, id: connection }, textOptions(values)));
  return analysis;
}

/** What kept us from telling all, to stderr. */
function tellTroubles(name: string, analysis: CaptureAnalysis): void {
  const { damage, undecodable, firstUndecodable, evicted, fragments, wrongChecksums } = analysis;
  const label = printable(name);
  for (const { kind, offset, problem } of damage)
    say(`${label}: ${kind} at byte ${offset}: ${printable(problem)}`);
  if (undecodable > 0)
    say(`${label}: ${undecodable} frames could not be decoded; the first: ${firstUndecodable ?? ''}`);
  if (fragments > 0) say(`${label}: ${fragments} IP fragments did not complete a packet`);
  if (wrongChecksums > 0) say(`${label}: ${wrongChecksums} packets with a wrong checksum`);
  if (evicted > 0) say(`${label}: ${evicted} connections were finished early, to keep memory bounded`);
}
