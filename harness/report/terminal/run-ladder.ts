/** One connection of a run in few lines: its SYNs, FINs and RSTs, beside each what sent it and what came of it. */
import { callSiteText } from '../../model/call-site-text.ts';
import type { PlacedJsReport } from '../../model/connection.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { ControlSegment, Happening, RunConnection, SegmentTie } from '../../model/run-connection.ts';
import { Flag, flagsText, hasFlags } from '../../model/segment.ts';
import { rejectUnknownOptions } from '../../options.ts';
import { statesByTime } from './run-states.ts';
import { cells, padEndCells, padStartCells, wrap, wrapHanging } from './text.ts';
import { TEXT_OPTIONS, type TextOptions, type Theme, themeFor, type Tone } from './theme.ts';
import { byteCount, duration, relativeMs } from './time.ts';

/** Cells of the arrow with its head, its label and a stroke on each side. */
const ARROW_CELLS = 20;
/** Below this, texts beside the arrows are broken too often to be read. */
const LEAST_SIDE_CELLS = 20;

interface Columns {
  readonly time: number;
  readonly client: number;
  readonly server: number;
  /** False on narrow terminals: texts stand below the arrows. */
  readonly sideBySide: boolean;
}

/**
 * One connection of a run in few lines: its SYNs, FINs and RSTs, beside each the call that sent it and the event that
 * came of it, times in ms after the first; then where the lanes do not agree.
 * Lines are joined by `\n`; the last has none.
 * @throws TypeError for an unknown option.
 */
export function renderRunConnection(connection: RunConnection, options: TextOptions = {}): string {
  rejectUnknownOptions(options, TEXT_OPTIONS);
  return shortLadderLines(connection, themeFor(options)).join('\n');
}

/** The lines of the connection, without a heading. */
export function shortLadderLines(connection: RunConnection, theme: Theme): readonly string[] {
  const columns = layOut(connection, theme);
  const { mismatches } = connection;
  return [
    ...headLines(connection, columns, theme),
    ...momentsOf(connection, columns, theme).flatMap(({ lines }) => lines),
    ...mismatches.flatMap(({ text }) =>
      wrapHanging('  ! ', theme.clean(text), theme.width).map((each) => theme.paint('bad', each)),
    ),
  ];
}

function originOf({ ties, startNs }: RunConnection): bigint {
  return ties[0]?.segment.atNs ?? startNs;
}

function layOut(connection: RunConnection, theme: Theme): Columns {
  const { ties, reports, lives } = connection;
  const times = [
    ...ties.map(({ segment }) => segment.atNs),
    ...reports.map(({ atNs }) => atNs),
    ...statesByTime(connection).map(({ atNs }) => atNs),
  ];
  const time = Math.max(6, ...times.map((each) => relativeMs(each, originOf(connection)).length)) + 2;
  const room = theme.width - time - ARROW_CELLS - 3;
  // An end that is not ours has little to say.
  const client = lives.client === undefined ? 18 : lives.server === undefined ? room - 18 : room >> 1;
  const server = room - client;
  return { time, client, server, sideBySide: room >= 2 * LEAST_SIDE_CELLS };
}

function headLines(
  { client, server, lives }: RunConnection,
  columns: Columns,
  theme: Theme,
): readonly string[] {
  const ends = {
    client: client === undefined ? 'client' : formatEndpoint(client),
    server: formatEndpoint(server),
  };
  const texts = (['client', 'server'] as const).map((side) => {
    const life = lives[side];
    if (life === undefined) return [ends[side]];
    const { pid, layer, holdersBefore = [] } = life;
    // Handed over from one process to the next.
    const pids = [...new Set([...holdersBefore.map((holder) => holder.pid), pid])].join(', then ');
    return [ends[side], `pid ${pids}${layerText(layer)}`];
  });
  const [left = [], right = []] = texts;
  if (!columns.sideBySide)
    return wrapHanging('  ', `${left.join(' ')} ${theme.glyphs.dash} ${right.join(' ')}`, theme.width);
  return put({ left: left.join(', '), middle: '', right: right.join(', ') }, columns, theme, 'secondary');
}

/** What is told at one time. */
interface Moment {
  readonly atNs: bigint;
  readonly lines: readonly string[];
}

/** Segments, or without packets what JS did and was told; between them the states that `ss` showed, as it saw them. */
function momentsOf(connection: RunConnection, columns: Columns, theme: Theme): readonly Moment[] {
  const { ties, reports } = connection;
  const origin = originOf(connection);
  const moments: Moment[] = [
    ...ties.map((tie) => ({
      atNs: tie.segment.atNs,
      lines: [...dataLines(tie.segment, columns, theme), ...tieLines(tie, origin, columns, theme)],
    })),
    ...reports.map((report) => ({ atNs: report.atNs, lines: reportLines(report, origin, columns, theme) })),
    ...statesByTime(connection).map(({ atNs, ...sides }) => ({
      atNs,
      lines: put({ time: relativeMs(atNs, origin), middle: '', ...sides }, columns, theme, 'secondary'),
    })),
  ];
  return moments.sort((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0));
}

function reportLines(
  { side, atNs, report }: PlacedJsReport,
  origin: bigint,
  columns: Columns,
  theme: Theme,
): readonly string[] {
  const { kind, name, site, by, code } = report;
  const what = kind === 'call' ? `${name}()` : code === undefined ? `'${name}'` : `error ${code}`;
  const text = causeText({ by: by ?? 'program', what, ...(site && { site }) });
  const place = side === 'client' ? { left: text, right: '' } : { left: '', right: text };
  return put({ time: relativeMs(atNs, origin), middle: '', ...place }, columns, theme, undefined);
}

function layerText(layer: string | undefined): string {
  return layer === undefined ? '' : `, ${layer}`;
}

/** What crossed since the control segment before, where anything did. */
function dataLines({ dataBefore }: ControlSegment, columns: Columns, theme: Theme): readonly string[] {
  const { client, server } = dataBefore;
  const texts: string[] = [];
  if (client.bytes > 0) texts.push(`${byteCount(client.bytes)} ${theme.glyphs.headRight}`);
  if (server.bytes > 0) texts.push(`${theme.glyphs.headLeft} ${byteCount(server.bytes)}`);
  if (texts.length === 0) return [];
  return texts.flatMap((middle) =>
    put({ middle: centre(middle), left: '', right: '' }, columns, theme, 'secondary'),
  );
}

function centre(text: string): string {
  return padStartCells(text, Math.ceil((ARROW_CELLS + cells(text)) / 2));
}

function tieLines(tie: SegmentTie, origin: bigint, columns: Columns, theme: Theme): readonly string[] {
  const { segment, cause, effect, kernelReason } = tie;
  const { from, atNs } = segment;
  const told = kernelReason === undefined ? '' : `(kernel: ${kernelReason})`;
  const sent = [cause === undefined ? '' : causeText(cause) + beforeText(cause), told]
    .filter(Boolean)
    .join(' ');
  const got = effect === undefined ? '' : effectText(effect);
  const [left, right] = from === 'client' ? [sent, got] : [got, sent];
  const time = relativeMs(atNs, origin);
  return put({ time, left, middle: arrow(segment, theme), right }, columns, theme, toneOf(segment));
}

interface Parts {
  readonly time?: string;
  readonly left: string;
  readonly middle: string;
  readonly right: string;
}

/** The client's words end at the arrow, the server's begin at it; each wrapped in its own column. */
function put(parts: Parts, columns: Columns, theme: Theme, tone: Tone | undefined): readonly string[] {
  const { time = '', middle } = parts;
  const left = theme.clean(parts.left);
  const right = theme.clean(parts.right);
  const margin = padStartCells(time, columns.time);
  if (!columns.sideBySide) {
    const texts = [left, right].filter((each) => each !== '');
    return [
      `${margin} ${theme.paint(tone, middle)}`.trimEnd(),
      ...texts.flatMap((text) => wrapHanging(' '.repeat(columns.time + 3), text, theme.width)),
    ];
  }
  const [lefts, rights] = [wrapText(left, columns.client), wrapText(right, columns.server)];
  return Array.from({ length: Math.max(lefts.length, rights.length, 1) }, (_, index) => {
    const first = index === 0;
    const arrowText = padEndCells(first ? middle : '', ARROW_CELLS);
    return [
      first ? margin : ' '.repeat(columns.time),
      padStartCells(lefts[index] ?? '', columns.client),
      theme.paint(first ? tone : undefined, arrowText),
      rights[index] ?? '',
    ]
      .join(' ')
      .trimEnd();
  });
}

function wrapText(text: string, width: number): readonly string[] {
  return text === '' ? [] : wrap(text, width);
}

/** `── #5 FIN,ACK ─────▶`, exactly as wide as its column. */
function arrow({ from, frame, flags, retransmission }: ControlSegment, theme: Theme): string {
  const { line, broken, headLeft, headRight } = theme.glyphs;
  const stroke = retransmission ? broken : line;
  const label = ` #${frame} ${flagsText(flags & ~Flag.PSH)} `;
  const tail = stroke.repeat(Math.max(1, ARROW_CELLS - cells(label) - 2));
  return from === 'client' ? stroke + label + tail + headRight : headLeft + stroke + label + tail;
}

function toneOf(segment: ControlSegment): Tone | undefined {
  if (hasFlags(segment, Flag.RST)) return 'reset';
  return hasFlags(segment, Flag.FIN) ? 'closing' : 'opening';
}

/** `destroy() at lib/pool.js:88:12, 14 bytes unread`, `end() by Node, allowHalfOpen: false`. */
export function causeText({ by, what, detail, site }: Happening): string {
  const place = site && callSiteText(site);
  const who = place !== undefined ? ` ${place}` : by === 'node' ? ' by Node' : '';
  return `${what}${who}${detail === undefined ? '' : `, ${detail}`}`;
}

/** Less between a call and its segment says nothing. */
const WORTH_TELLING_NS = 1_000_000n;

function beforeText({ delayNs, by }: Happening): string {
  const isOfCall = by === 'program' || by === 'node';
  return isOfCall && delayNs !== undefined && delayNs >= WORTH_TELLING_NS
    ? `, ${duration(delayNs)} before`
    : '';
}

function effectText({ what, delayNs }: Happening): string {
  return delayNs === undefined || delayNs < 0n ? what : `${what} after ${duration(delayNs)}`;
}
