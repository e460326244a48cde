/** A connection as a ladder: two lifelines, the segments between them, the states beside them. */
import type { Connection } from '../../model/connection.ts';
import type { NetworkSetting } from '../../model/evidence.ts';
import type { ClaimResult, Verdict } from '../../model/verdict.ts';
import { rejectUnknownOptions } from '../../options.ts';
import { headerLines } from './header.ts';
import { layOut, type Layout } from './layout.ts';
import { gapLines, jsLines, kernelLines } from './other-rows.ts';
import { ladderRows, type LadderRow, type MismatchRow, type SideStates } from './rows.ts';
import { segmentLines } from './segment-row.ts';
import { summaryLines } from './summary.ts';
import { unbroken, wrap, wrapHanging } from './text.ts';
import { PHASE_OF, TEXT_OPTIONS, themeFor, type Phase, type TextOptions, type Theme } from './theme.ts';
import { claimLines, mismatchLines, verdictLines } from './verdicts.ts';

export interface LadderOptions extends TextOptions {
  /** Judgements on this connection. Their mismatches are drawn at the segments that they name. */
  readonly verdicts?: readonly Verdict[];
  readonly claims?: readonly ClaimResult[];
  /** What the client is: a program's name, in any script. */
  readonly clientLabel?: string;
  readonly serverLabel?: string;
  /** Above everything. */
  readonly title?: string;
  /** Prose below the title. */
  readonly explanation?: string;
}

const LADDER_OPTIONS = [
  ...TEXT_OPTIONS,
  'verdicts',
  'claims',
  'clientLabel',
  'serverLabel',
  'title',
  'explanation',
];

/**
 * The connection from top to bottom in order of time: client left, server right; times in ms after the first
 * segment; `#n` is the frame in the capture; sequence and acknowledgement numbers are relative.
 * A state stands where it is entered, by RFC 9293's table; `✓ss` (`[ss]`) follows those that `ss` really showed.
 * Text from outside is stripped of control characters and escape sequences.
 * Lines are joined by `\n`; the last has none.
 * @throws TypeError for an unknown option.
 */
export function renderLadder(connection: Connection, options: LadderOptions = {}): string {
  rejectUnknownOptions(options, LADDER_OPTIONS);
  const { verdicts = [], claims = [], clientLabel, serverLabel } = options;
  const theme = themeFor(options);
  const rows = ladderRows(connection, verdicts);
  const layout = layOut(connection, rows, theme);
  const labels = {
    ...(clientLabel !== undefined && { client: clientLabel }),
    ...(serverLabel !== undefined && { server: serverLabel }),
  };
  const blocks: readonly (readonly string[])[] = [
    titleLines(connection, options, theme),
    [...headerLines(connection, labels, layout), ...rows.flatMap((row) => rowLines(row, layout))],
    [...summaryLines(connection, theme), ...legendLines(rows, theme)],
    verdictLines(verdicts, theme, { withMismatches: false }),
    claimLines(claims, theme),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function titleLines(
  { id, settings = [] }: Connection,
  options: LadderOptions,
  theme: Theme,
): readonly string[] {
  const { title, explanation } = options;
  const name = `connection ${id}`;
  const heading = title === undefined ? name : `${theme.clean(title)} ${theme.glyphs.dash} ${name}`;
  return [
    ...wrap(heading, theme.width).map((each) => theme.paint('strong', each)),
    ...(explanation === undefined ? [] : wrap(theme.clean(explanation), theme.width)),
    ...settingLines(settings, theme),
  ];
}

/** What a reader of times must know before the first of them. */
function settingLines(settings: readonly NetworkSetting[], theme: Theme): readonly string[] {
  if (settings.length === 0) return [];
  const words = settings.map(({ words, here, usual }) => `${words} ${here} (usual: ${usual})`);
  return wrapHanging('settings of this network: ', theme.clean(words.join('; ')), theme.width).map((each) =>
    theme.paint('doubtful', each),
  );
}

function rowLines(row: LadderRow, layout: Layout): readonly string[] {
  switch (row.kind) {
    case 'segment':
      return segmentLines(row, layout);
    case 'js':
      return jsLines(row, layout);
    case 'kernel':
      return kernelLines(row, layout);
    case 'gap':
      return gapLines(row, layout);
    case 'mismatch':
      return mismatchBlock(row, layout.theme);
  }
}

/** The mismatch as wide as the line, in a border, right where it shows. */
function mismatchBlock({ title, mismatch }: MismatchRow, theme: Theme): readonly string[] {
  const [first, middle, last] = theme.glyphs.border;
  const inner: Theme = { ...theme, width: theme.width - 4 };
  const head = `${theme.glyphs.verdict.violated}: `;
  const heading = wrapHanging(head, theme.clean(title), inner.width).map((each) => theme.paint('bad', each));
  const lines = [...heading, ...mismatchLines(mismatch, inner, { lead: '' })];
  return lines.map((each, index) => {
    const border = index === 0 ? first : index === lines.length - 1 ? last : middle;
    return `  ${theme.paint('bad', border)} ${each}`;
  });
}

const MEANINGS: readonly (readonly [Phase, string])[] = [
  ['open', 'open'],
  ['half-closed', 'half-closed'],
  ['in between', 'opening or closing'],
  ['closed', 'closed'],
];

/** What the signs mean that this ladder uses. */
function legendLines(rows: readonly LadderRow[], theme: Theme): readonly string[] {
  const used = new Set(rows.flatMap(statesOf).map((state) => state && PHASE_OF[state]));
  const entries = MEANINGS.filter(([phase]) => used.has(phase)).map(([phase, meaning]) =>
    unbroken(`${theme.glyphs.lifeline[phase]} ${meaning}`),
  );
  if (rows.some(showsKernelState))
    entries.push(unbroken(`${theme.glyphs.confirmed.trim()} state shown by ss`));
  if (entries.length === 0) return [];
  return wrap(entries.join('   '), theme.width).map((each) => theme.paint('secondary', each));
}

function statesOf(row: LadderRow): readonly SideStates['client'][] {
  if (row.kind === 'mismatch' || row.kind === 'gap') return [];
  return [row.before.client, row.before.server, row.after.client, row.after.server];
}

function showsKernelState(row: LadderRow): boolean {
  if (row.kind === 'kernel') return row.note.kind === 'moved';
  if (row.kind !== 'segment') return false;
  return row.entered.client?.confirmed === true || row.entered.server?.confirmed === true;
}
