import { createInterface } from 'node:readline';
import {
  CATALOGUE,
  findScenario,
  type Lab,
  type Mutant,
  openLab,
  type RunOptions,
  runScenario,
  type Scenario,
  type ScenarioRun,
  worst,
} from '../index.ts';
import { renderJson } from '../report/json.ts';
import { renderLadder } from '../report/terminal/ladder.ts';
import { renderVerdicts } from '../report/terminal/verdicts.ts';
import { type Command, type OptionValues, usageError } from './command.ts';
import { demoClaims, refuseScenarioOptions } from './demo-claims.ts';
import { type ExitCode, ExitCode as Code, exitCodeOfStatus } from './exit-codes.ts';
import { print, say, textOptions } from './terminal.ts';

const DEFAULT_SCENARIO = 'half-close-by-client';

/** What one types to have the claims of docs/claims.md examined. */
const CLAIMS = 'claims';

/** Version of what `--json` prints; raised when a field changes its meaning or goes. */
const JSON_SCHEMA_VERSION = 1;

export const demo: Command = {
  name: 'demo',
  synopsis: '[SCENARIO… | all | claims]',
  positionals: true,
  about: `run a scenario on a real kernel and draw it (${DEFAULT_SCENARIO} if none is named)`,
  options: {
    list: { type: 'boolean', about: 'list the scenarios' },
    json: { type: 'boolean', about: 'print the runs as JSON instead of drawing them' },
    step: { type: 'boolean', about: 'wait for Enter before each step, and draw what it brought about' },
    mutant: { type: 'string', about: 'let a peer misbehave: its number, as --list --mutant 0 shows them' },
    network: { type: 'string', about: 'private, host or auto (the default): where to run' },
    ascii: { type: 'boolean', about: 'draw with ASCII characters only' },
  },
  async run(values, names) {
    if (values['list'] === true) return list(values);
    const isOfClaims = names.length === 1 && names[0] === CLAIMS;
    if (isOfClaims) refuseScenarioOptions(values);
    const scenarios = isOfClaims ? [] : chooseScenarios(names);
    const mutant = chooseMutant(scenarios, values['mutant']);
    await using lab = await openLab({ network: chooseNetwork(values['network']) });
    if (lab.network === 'host' && lab.refusal !== undefined) {
      say(`No private network here (${lab.refusal}); running on the host’s loopback.`);
    }
    if (isOfClaims) return await demoClaims(lab, values);
    const runs: ScenarioRun[] = [];
    for (const scenario of scenarios) {
      const run = await runOne(lab, scenario, mutant, values);
      runs.push(run);
      if (values['json'] !== true) print(`${draw(run, scenario, values)}\n`);
    }
    if (values['json'] === true) {
      print(renderJson({ schemaVersion: JSON_SCHEMA_VERSION, network: lab.network, runs }));
    }
    return exitCodeOfStatus(worst(runs));
  },
};

function list(values: OptionValues): ExitCode {
  const scenarios = CATALOGUE.map(({ name, title, mutants }) => ({
    name,
    title,
    mutants: mutants.map(({ what }) => what),
  }));
  if (values['json'] === true) {
    print(renderJson({ schemaVersion: JSON_SCHEMA_VERSION, scenarios }));
    return Code.met;
  }
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  for (const { name, title, mutants } of scenarios) {
    print(`${name.padEnd(width)}  ${title}`);
    if (values['mutant'] === undefined) continue;
    for (const [index, what] of mutants.entries())
      print(`${' '.repeat(width)}    --mutant ${index + 1}: ${what}`);
  }
  return Code.met;
}

function chooseScenarios(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return chooseScenarios([DEFAULT_SCENARIO]);
  if (names.length === 1 && names[0] === 'all') return CATALOGUE;
  return names.map((name) => {
    const scenario = findScenario(name);
    if (scenario === undefined) {
      throw usageError(`There is no scenario "${name}".`, 'finwait demo --list shows them all.');
    }
    return scenario;
  });
}

function chooseMutant(scenarios: readonly Scenario[], text: OptionValues[string]): Mutant | undefined {
  if (text === undefined) return undefined;
  const [scenario] = scenarios;
  const mutant = scenario?.mutants[Number(text) - 1];
  if (scenarios.length !== 1 || mutant === undefined) {
    throw usageError(
      `--mutant takes the number of a mutant of the one scenario that is named, not "${String(text)}".`,
      'finwait demo --list --mutant 0 shows them all.',
    );
  }
  return mutant;
}

function chooseNetwork(text: OptionValues[string] = 'auto'): 'private' | 'host' | 'auto' {
  if (text === 'private' || text === 'host' || text === 'auto') return text;
  throw usageError(`--network takes private, host or auto, not "${String(text)}".`, 'Leave it out for auto.');
}

async function runOne(
  lab: Lab,
  scenario: Scenario,
  mutant: Mutant | undefined,
  values: OptionValues,
): Promise<ScenarioRun> {
  const options: RunOptions = { ...(mutant && { mutant }) };
  if (values['step'] !== true) return await runScenario(lab, scenario, options);
  const input = createInterface({ input: process.stdin });
  // Read as an iterator, lines that were piped in early wait for their step; at the end of input the rest runs on.
  const lines = input[Symbol.asyncIterator]();
  try {
    return await runScenario(lab, scenario, {
      ...options,
      beforeStep: async (words, index) => {
        say(`step ${index + 1} of ${scenario.steps.length}: the ${words} (press Enter)`);
        await lines.next();
      },
      afterStep: (connection) => {
        if (connection !== undefined) say(`${renderLadder(connection, textOptions(values))}\n`);
      },
    });
  } finally {
    input.close();
  }
}

function draw(run: ScenarioRun, scenario: Scenario, values: OptionValues): string {
  const { connection, verdicts, claims } = run;
  const options = textOptions(values);
  if (connection === undefined) return renderVerdicts(verdicts, options);
  const { title, explanation } = scenario;
  return renderLadder(connection, {
    ...options,
    title,
    explanation,
    verdicts,
    claims,
    clientLabel: `clients/${scenario.client}`,
    serverLabel: scenario.server === 'nobody' ? 'nobody listens' : `servers/${scenario.server}`,
  });
}
