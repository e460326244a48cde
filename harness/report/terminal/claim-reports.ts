/** Claims with all that was run for them, for a terminal. */
import type { ClaimOutcome, ClaimReport } from '../../model/verdict.ts';
import { rejectUnknownOptions } from '../../options.ts';
import { unbroken, wrapHanging } from './text.ts';
import { TEXT_OPTIONS, themeFor, type TextOptions, type Theme, type Tone } from './theme.ts';

const TONES: Readonly<Record<ClaimOutcome, Tone>> = {
  confirmed: 'good',
  refuted: 'bad',
  'it depends': 'doubtful',
  undetermined: 'doubtful',
};

/**
 * A block a claim: its number and outcome, its text, then each run with what it shows and the evidence for that.
 * @throws TypeError for an unknown option.
 */
export function renderClaimReports(reports: readonly ClaimReport[], options: TextOptions = {}): string {
  rejectUnknownOptions(options, TEXT_OPTIONS);
  const theme = themeFor(options);
  return reports.map((report) => reportLines(report, theme).join('\n')).join('\n\n');
}

function reportLines({ claim, text, outcome, findings, gaps }: ClaimReport, theme: Theme): string[] {
  const title = `claim ${claim}: ${outcome}`;
  return [
    theme.paint(TONES[outcome], title),
    ...hanging('  ', `"${theme.clean(text)}"`, theme),
    ...findings.flatMap(({ run, outcome: found, evidence, segments, states }) => [
      ...hanging(`  ${found.padEnd('confirmed'.length)}  `, run, theme),
      ...hanging(INSET, evidence, theme),
      ...(segments.length === 0 ? [] : hanging(`${INSET}wire  `, segments.map(unbroken).join('   '), theme)),
      ...(states === undefined ? [] : hanging(`${INSET}ss    `, states, theme)),
    ]),
    ...gaps.flatMap(({ run, reason }) => hanging('  not shown  ', `${run}: ${reason}`, theme)),
  ];
}

/** As wide as an outcome with the spaces around it. */
const INSET = ' '.repeat(13);

function hanging(head: string, text: string, theme: Theme): readonly string[] {
  return wrapHanging(head, theme.clean(text), theme.width);
}
