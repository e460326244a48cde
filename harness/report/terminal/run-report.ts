/** What a person reads when a program that finwait ran has ended. */
import { callSiteText } from '../../model/call-site-text.ts';
import { type RunGroup, type RunReport, USUAL } from '../../model/run-report.ts';
import { rejectUnknownOptions } from '../../options.ts';
import { causeText, shortLadderLines } from './run-ladder.ts';
import { cells, padEndCells, padStartCells, unbroken, wrap, wrapHanging } from './text.ts';
import { TEXT_OPTIONS, themeFor, type TextOptions, type Theme, type Tone } from './theme.ts';
import { duration } from './time.ts';

export interface RunReportOptions extends TextOptions {
  /** Ladders of unusual connections drawn at most. @default 4 */
  readonly ladders?: number;
  /** The directory as the reader would type it. */
  readonly directory?: string;
}

const MOST_LADDERS = 4;
const MOST_GROUPS = 12;
/** So few connections are all drawn, usual or not. */
const FEW = 2;

/**
 * A run in words: how its connections ended and who closed them, the unusual ones first and drawn; then how far the
 * lanes can be trusted. Lines are joined by `\n`; the last has none.
 * @throws TypeError for an unknown option.
 */
export function renderRunReport(report: RunReport, options: RunReportOptions = {}): string {
  rejectUnknownOptions(options, [...TEXT_OPTIONS, 'ladders', 'directory']);
  const { ladders = MOST_LADDERS, directory = report.directory } = options;
  const theme = themeFor(options);
  const blocks = [
    headLines(report, theme),
    groupLines(report, theme),
    ...drawn(report, ladders).map((group) => ladderLines(group, theme)),
    evidenceLines(report, theme),
    moreLines(report, directory, theme),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function headLines(report: RunReport, theme: Theme): readonly string[] {
  const { command, state, durationNs, exitCode, signal, processes, threads, network } = report;
  const { separator } = theme.glyphs;
  const facts = [
    theme.clean(commandText(command)),
    ...(state === 'running' ? ['still running'] : []),
    ...(durationNs === undefined ? [] : [duration(durationNs)]),
    ...(signal === undefined ? [] : [`ended by ${signal}`]),
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
    ...(processes > 1 ? [`${processes} Node processes`] : []),
    ...(threads > processes ? [`${threads} threads`] : []),
    ...(network === 'private' ? ['in a private network'] : []),
  ];
  return [
    ...wrapHanging('finwait  ', facts.join(separator), theme.width).map((each) =>
      theme.paint('strong', each),
    ),
    ...wrap(countsText(report, theme), theme.width),
  ];
}

const LONGEST_COMMAND = 80;

/** On one line, and not all of a script that was given with `-e`. */
function commandText(command: readonly string[]): string {
  const text = command.join(' ').replaceAll(/\s+/g, ' ');
  return text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND - 1)}…` : text;
}

function countsText(report: RunReport, theme: Theme): string {
  const { connections, leftOut, undetermined, endings, closedBy, resetBy, mismatches } = report;
  const matching = connections === 1 ? 'that matches' : 'that match';
  const judged =
    undetermined === 0 ? '' : ` (of ${thousands(undetermined)} only packets would tell, and there are none)`;
  const all = connections + leftOut + undetermined;
  const others = all === connections ? '' : ` ${matching}, of ${thousands(all)}${judged}`;
  if (connections === 0) return `no TCP connections${others}`;
  const details: Readonly<Record<string, string>> = {
    closed: ` (client first ${thousands(closedBy.client)}, server first ${thousands(closedBy.server)})`,
    reset: ` (by client ${thousands(resetBy.client)}, by server ${thousands(resetBy.server)})`,
  };
  const parts = Object.entries(endings).map(
    ([ending, count]) => `${thousands(count)} ${WORDS[ending] ?? ending}${details[ending] ?? ''}`,
  );
  const lanes =
    mismatches === 0 ? '' : `${theme.glyphs.separator}${thousands(mismatches)} where the lanes disagree`;
  return `${thousands(connections)} connection${connections === 1 ? '' : 's'}${others}: ${parts.join(', ')}${lanes}`;
}

const WORDS: Readonly<Record<string, string>> = {
  open: 'still open',
  closing: 'closing (last ACK not seen)',
  unanswered: 'not answered',
  failed: 'failed to connect',
};

/** `12,345`. */
function thousands(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** A line a kind of ending: how many, how, by what call. */
function groupLines({ groups, ungrouped }: RunReport, theme: Theme): readonly string[] {
  const shown = groups.slice(0, MOST_GROUPS);
  const rows = shown.map(
    (group) => [thousands(group.count), group.server, endedText(group), whatText(group)] as const,
  );
  const widths = [0, 1, 2].map((at) => Math.max(0, ...rows.map((row) => cells(row[at] ?? ''))));
  const lines = rows.flatMap(([count, server, ended, what], index) => {
    const head = `  ${padStartCells(count, widths[0] ?? 0)}  ${padEndCells(server, widths[1] ?? 0)}  ${padEndCells(ended, widths[2] ?? 0)}`;
    const tone = toneOf(shown[index]);
    return beneath(`${head}  `, theme.clean(what), theme).map((each) => theme.paint(tone, each));
  });
  const rest = groups.slice(MOST_GROUPS);
  if (rest.length === 0) return lines;
  const count = rest.reduce((sum, group) => sum + group.count, ungrouped);
  const kinds = ungrouped === 0 ? `${rest.length} more kinds` : `more than ${rest.length} more kinds`;
  return [...lines, theme.clean(`  … and ${kinds} (${thousands(count)} connections)`)];
}

const LEAST_WHAT_CELLS = 24;

/** `text` in the column that `head` leaves, or below it where that is too narrow. */
function beneath(head: string, text: string, theme: Theme): readonly string[] {
  const room = theme.width - cells(head);
  if (room < LEAST_WHAT_CELLS)
    return [...wrap(head.trimEnd(), theme.width), ...wrapHanging('      ', text, theme.width)];
  return wrap(text, room).map((each, index) =>
    `${index === 0 ? head : ' '.repeat(cells(head))}${each}`.trimEnd(),
  );
}

function toneOf(group: RunGroup | undefined): Tone | undefined {
  if (group === undefined || group.rank === USUAL) return undefined;
  return group.rank <= 1 ? 'bad' : 'doubtful';
}

function endedText({ ending, by, mismatches }: RunGroup): string {
  const mark = mismatches > 0 ? ' !' : '';
  if (ending === 'closed') return `closed, ${by ?? 'nobody'} first${mark}`;
  if (ending === 'reset') return `reset by ${by ?? 'somebody'}${mark}`;
  if (ending === 'half-closed') return `half-closed, ${by ?? 'one end'} only${mark}`;
  return `${WORDS[ending] ?? ending}${mark}`;
}

function whatText({ what, doer, detail, site, byOurs, by, ending }: RunGroup): string {
  if (what !== undefined) {
    const details = { ...(detail !== undefined && { detail }), ...(site && { site }) };
    return causeText({ by: doer ?? 'program', what, ...details });
  }
  if (by !== undefined && !byOurs && ending !== 'open') return 'the other end’s program is not ours';
  const place = site && callSiteText(site);
  return place === undefined ? '' : `connect() ${place}`;
}

function drawn({ groups, connections }: RunReport, most: number): readonly RunGroup[] {
  const unusual = groups.filter(({ rank }) => rank < USUAL && rank !== 5);
  return (connections <= FEW ? groups : unusual).slice(0, most);
}

function ladderLines(group: RunGroup, theme: Theme): readonly string[] {
  const { example, count } = group;
  const alike = count === 1 ? '' : `, like ${thousands(count - 1)} more`;
  const heading = `connection ${example.id}: ${endedText(group).replace(' !', '')}${alike}`;
  return [
    ...wrap(heading, theme.width).map((each) => theme.paint('strong', each)),
    ...shortLadderLines(example, theme),
  ];
}

/** What the lanes have and have not; nothing where all have everything. */
function evidenceLines(
  { coverage, connections, largestGapMs, damage, hints }: RunReport,
  theme: Theme,
): readonly string[] {
  const { wire, nodeSides, nodeTold, kernel, transitions } = coverage;
  const gap =
    largestGapMs === undefined
      ? ''
      : ` (its longest pause ${duration(BigInt(Math.round(largestGapMs)) * 1_000_000n)})`;
  // What a record lacks, or a process that left none, may have had ends that nobody knows to be the run's.
  const known = damage.some(({ lane }) => lane === 'node') ? 'known own ends' : 'own ends';
  const facts = [
    `packets of ${share(wire, connections)}`,
    `JS of ${share(nodeTold, nodeSides)} ${known}`,
    `ss of ${share(kernel, connections)}${gap}`,
    ...(transitions === undefined ? [] : [`transitions of ${share(transitions, connections)}`]),
  ];
  const lines =
    connections === 0
      ? []
      : wrapHanging('evidence ', facts.map(unbroken).join(theme.glyphs.separator), theme.width);
  return [
    ...lines.map((each) => theme.paint('secondary', each)),
    ...damage.flatMap(({ lane, detail }) =>
      wrapHanging(`missing  ${lane}: `, theme.clean(detail), theme.width).map((each) =>
        theme.paint('doubtful', each),
      ),
    ),
    ...hints.flatMap((hint) => wrapHanging('         ', theme.clean(hint), theme.width)),
  ];
}

function share(part: number, whole: number): string {
  return part === whole ? `all ${thousands(whole)}` : `${thousands(part)} of ${thousands(whole)}`;
}

function moreLines({ connections }: RunReport, directory: string, theme: Theme): readonly string[] {
  const path = theme.clean(directory);
  if (connections === 0) return [`record   ${path}`];
  return [
    `record   ${path}`,
    `more     finwait analyze ${path} [--connection N | --where ${theme.glyphs.gap} | --json]`,
  ].flatMap((each) => wrapHanging('', each, theme.width));
}
