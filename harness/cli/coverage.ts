import { cover, isCovered, runCatalogue, type ScenarioRun } from '../index.ts';
import { renderJson } from '../report/json.ts';
import { renderCoverage } from '../report/terminal/coverage.ts';
import { AT_ONCE } from './at-once.ts';
import { scenariosForCoverage } from './choose-scenarios.ts';
import type { Command } from './command.ts';
import { ExitCode } from './exit-codes.ts';
import { print, Tally } from './terminal.ts';

/** Version of what `--json` prints. */
const JSON_SCHEMA_VERSION = 1;

export const coverage: Command = {
  name: 'coverage',
  synopsis: '',
  about: 'run the catalogue, and prove each state and arrow of RFC 9293’s diagram by a segment and by ss',
  options: {
    json: { type: 'boolean', about: 'print the proofs as JSON' },
    quick: { type: 'boolean', about: 'do not wait the 60 s of TIME-WAIT: let ss -K take it away' },
  },
  async run(values) {
    const scenarios = scenariosForCoverage({ quick: values['quick'] === true });
    using tally = new Tally(scenarios.length, 'scenarios');
    const runs: ScenarioRun[] = [];
    for await (const run of runCatalogue(scenarios, { network: 'private', atOnce: AT_ONCE })) {
      runs.push(run);
      tally.count(run.scenario);
    }
    tally.clear();
    const found = cover(runs);
    if (values['json'] === true) print(renderJson({ schemaVersion: JSON_SCHEMA_VERSION, ...found }));
    else print(renderCoverage(found));
    return isCovered(found) ? ExitCode.met : ExitCode.violated;
  },
};
