import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Captures with other tools' answers, kept outside this repository: FINWAIT_CORPUS, or beside the repository's
 * directory in shared/corpus.
 */
export const CORPUS: string =
  process.env['FINWAIT_CORPUS'] ?? path.join(import.meta.dirname, '../../../../shared/corpus');

/** Why a part of the corpus cannot be used; undefined when it can. */
export function missingCorpus(part: string): string | undefined {
  const cases = path.join(CORPUS, part, 'cases.jsonl');
  return existsSync(cases) ? undefined : `${cases} does not exist (set FINWAIT_CORPUS)`;
}

/** The rows of a part's cases.jsonl. */
export function corpusCases(part: string): unknown[] {
  const lines = readFileSync(path.join(CORPUS, part, 'cases.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}
