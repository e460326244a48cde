import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScenarioRun } from '../index.ts';
import { renderJson } from '../report/json.ts';

/**
 * Keeps all that was seen of a run that was not met, raw and joined, for whoever looks into it.
 * @returns the path of the file
 */
export function keepRun(run: ScenarioRun): string {
  const path = join(mkdtempSync(join(tmpdir(), 'finwait-run-')), `${run.scenario}.json`);
  writeFileSync(path, renderJson(run));
  return path;
}
