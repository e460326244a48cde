/** Judgements in words: verdicts, mismatches, claims. */
import type { ClaimResult, Mismatch, Verdict, VerdictStatus } from '../../model/verdict.ts';
import { rejectUnknownOptions } from '../../options.ts';
import { cells, padEndCells, wrapHanging } from './text.ts';
import { TEXT_OPTIONS, themeFor, type TextOptions, type Theme, type Tone } from './theme.ts';

const TONES: Readonly<Record<VerdictStatus, Tone>> = {
  met: 'good',
  violated: 'bad',
  undetermined: 'doubtful',
};

/**
 * One paragraph a verdict, `✔ met  client half-closed — reason`, the mismatches of a violated one below it.
 * Empty for no verdicts. Lines end in `\n`, the last does not.
 * @throws TypeError for an unknown option.
 */
export function renderVerdicts(verdicts: readonly Verdict[], options: TextOptions = {}): string {
  rejectUnknownOptions(options, TEXT_OPTIONS);
  const theme = themeFor(options);
  return verdictLines(verdicts, theme, { withMismatches: true }).join('\n');
}

/**
 * One paragraph a claim: `claim 5 refuted: "After the close both …" — only the client was seen in TIME-WAIT (ss)`.
 * @throws TypeError for an unknown option.
 */
export function renderClaims(claims: readonly ClaimResult[], options: TextOptions = {}): string {
  rejectUnknownOptions(options, TEXT_OPTIONS);
  return claimLines(claims, themeFor(options)).join('\n');
}

/**
 * Expected, Observed, Cause and Seen, a line each, those that are known.
 * @throws TypeError for an unknown option.
 */
export function renderMismatch(mismatch: Mismatch, options: TextOptions = {}): string {
  rejectUnknownOptions(options, TEXT_OPTIONS);
  return mismatchLines(mismatch, themeFor(options), { lead: '' }).join('\n');
}

export function verdictLines(
  verdicts: readonly Verdict[],
  theme: Theme,
  options: { readonly withMismatches: boolean },
): readonly string[] {
  const widest = Math.max(0, ...verdicts.map(({ status }) => cells(theme.glyphs.verdict[status])));
  return verdicts.flatMap(({ title, status, reason, mismatches }) => {
    const head = `${padEndCells(theme.glyphs.verdict[status], widest)}  `;
    const text = `${theme.clean(title)} ${theme.glyphs.dash} ${theme.clean(reason)}`;
    const paragraph = paintHead(wrapHanging(head, text, theme.width), head, TONES[status], theme);
    const shown = options.withMismatches ? mismatches : [];
    return [...paragraph, ...shown.flatMap((each) => mismatchLines(each, theme, { lead: '    ' }))];
  });
}

export function claimLines(claims: readonly ClaimResult[], theme: Theme): readonly string[] {
  return claims.flatMap(({ claim, text, outcome, evidence }) => {
    const head = `claim ${claim} ${outcome}: `;
    const body = `"${theme.clean(text)}" ${theme.glyphs.dash} ${theme.clean(evidence)}`;
    return paintHead(wrapHanging(head, body, theme.width), head, 'strong', theme);
  });
}

/** A mismatch, each line led by `lead`; values too long for the line hang below their start. */
export function mismatchLines(
  mismatch: Mismatch,
  theme: Theme,
  options: { readonly lead: string },
): readonly string[] {
  const { expected, observed, cause, seen } = mismatch;
  const entries: readonly (readonly [name: string, tone: Tone, text: string | undefined])[] = [
    ['Expected', 'good', expected],
    ['Observed', 'bad', observed],
    ['Cause', 'strong', cause],
    ['Seen', 'secondary', seen],
  ];
  const width = theme.width - cells(options.lead);
  return entries.flatMap(([name, tone, text]) => {
    if (text === undefined) return [];
    const head = `${name.padEnd(LONGEST_NAME)}  `;
    const lines = paintHead(wrapHanging(head, theme.clean(text), width), head, tone, theme);
    return lines.map((each) => options.lead + each);
  });
}

const LONGEST_NAME = 'Expected'.length;

function paintHead(lines: readonly string[], head: string, tone: Tone, theme: Theme): readonly string[] {
  const [first = '', ...rest] = lines;
  const word = head.trimEnd();
  if (!first.startsWith(word)) return lines;
  return [theme.paint(tone, word) + first.slice(word.length), ...rest];
}
