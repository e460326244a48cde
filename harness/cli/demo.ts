import { createInterface } from 'node:readline';
import {
  CATALOGUE,
  findScenario,
  type Lab,
  type Mutant,
  openLab,
  runCatalogue,
  type RunOptions,
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
import { keepRun } from './keep-run.ts';
import { print, say, textOptions } from './terminal.ts';

const DEFAULT_SCENARIO = 'half-close-by-client';

/** What one types to have the claims of docs/claims.md examined. */
const CLAIMS = 'claims';

/** Scenarios side by side: most of their time is spent waiting. */
const AT_ONCE = 4;

/** Version of what `--json` prints; raised when a field changes its meaning or goes. */
const JSON_SCHEMA_VERSION = 1;

export const demo: Command = {
  name: 'demo',
  synopsis: '[SCENARIO… | all | claims]',
  positionals: true,
  about: `run a scenario on a real kernel and draw it (${DEFAULT_SCENARIO} if none is named)`,
  options: {
    slow: { type: 'boolean', about: 'with all: those that take long, too' },
    list: { type: 'boolean', about: 'list the scenarios' },
    json: { type: 'boolean', about: 'print the runs as JSON instead of drawing them' },
    step: { type: 'boolean', about: 'wait for Enter before each step, and draw what it brought about' },
    mutant: { type: 'string', about: 'let a peer misbehave: its number, as --list --mutant 0 shows them' },
    network: { type: 'string', about: 'private, host or auto (the default): where to run' },
    ascii: { type: 'boolean', about: 'draw with ASCII characters only' },
  },
  async run(values, names) {
    if (values['list'] === true) return list(values);
    const network = chooseNetwork(values['network']);
    if (names.length === 1 && names[0] === CLAIMS) return await runDemoClaims(values, network);
    const scenarios = chooseScenarios(names, values['slow'] === true);
    const mutant = chooseMutant(scenarios, values['mutant']);
    const steps = values['step'] === true ? new StepReader() : undefined;
    let lab: Lab | undefined;
    const running = runCatalogue(scenarios, {
      network,
      atOnce: steps === undefined && scenarios.length > 1 ? AT_ONCE : 1,
      onLab: (opened) => {
        if (lab === undefined) sayWhyOnHost(opened);
        lab ??= opened;
      },
      runOptions: (scenario) => ({ ...(mutant && { mutant }), ...steps?.optionsFor(scenario, values) }),
    });
    const runs: ScenarioRun[] = [];
    try {
      for await (const run of running) {
        runs.push(run);
        if (values['json'] !== true) print(`${draw(run, values)}\n`);
        // A mutant's run is meant not to be met.
        if (run.status !== 'met' && mutant === undefined) {
          say(`${run.scenario} was not met; all that was seen is kept in ${keepRun(run)}`);
        }
      }
    } finally {
      steps?.close();
    }
    if (values['json'] === true) {
      // What the lanes saw before it was joined stands in the timeline again.
      const joined = runs.map(({ evidence: _, ...run }) => run);
      print(renderJson({ schemaVersion: JSON_SCHEMA_VERSION, network: lab?.network, runs: joined }));
    }
    return exitCodeOfStatus(worst(runs));
  },
};

async function runDemoClaims(values: OptionValues, network: NetworkChoice): Promise<ExitCode> {
  refuseScenarioOptions(values);
  await using lab = await openLab({ network });
  sayWhyOnHost(lab);
  return await demoClaims(lab, values);
}

function sayWhyOnHost({ network, refusal }: Lab): void {
  if (network !== 'host' || refusal === undefined) return;
  say(`No private network here (${refusal}); running on the host’s loopback.`);
}

type NetworkChoice = 'private' | 'host' | 'auto';

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

function chooseScenarios(names: readonly string[], slowToo: boolean): readonly Scenario[] {
  if (names.length === 0) return chooseScenarios([DEFAULT_SCENARIO], slowToo);
  if (names.length === 1 && names[0] === 'all') {
    return CATALOGUE.filter(({ slow }) => slowToo || slow === undefined);
  }
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

function chooseNetwork(text: OptionValues[string] = 'auto'): NetworkChoice {
  if (text === 'private' || text === 'host' || text === 'auto') return text;
  throw usageError(`--network takes private, host or auto, not "${String(text)}".`, 'Leave it out for auto.');
}

/** Reads Enter for each step; at the end of the input the rest runs on. */
class StepReader {
  readonly #input = createInterface({ input: process.stdin });
  // Read as an iterator, lines that were piped in early wait for their step.
  readonly #lines = this.#input[Symbol.asyncIterator]();

  optionsFor({ steps }: Scenario, values: OptionValues): RunOptions {
    return {
      beforeStep: async (words, index) => {
        const of = steps === undefined ? '' : ` of ${steps.length}`;
        say(`step ${index + 1}${of}: the ${words} (press Enter)`);
        await this.#lines.next();
      },
      afterStep: (connection) => {
        if (connection !== undefined) say(`${renderLadder(connection, textOptions(values))}\n`);
      },
    };
  }

  close(): void {
    this.#input.close();
  }
}

function draw(run: ScenarioRun, values: OptionValues): string {
  const { connection, connections, verdicts, claims } = run;
  const options = textOptions(values);
  const scenario = findScenario(run.scenario);
  if (scenario === undefined) throw new TypeError(`There is no scenario "${run.scenario}"`);
  const { title, explanation, client, server } = scenario;
  const labels = {
    clientLabel: programLabel('clients', client),
    serverLabel: programLabel('servers', server),
  };
  const others = Object.entries(connections)
    .filter(([, other]) => other !== connection)
    .map(([name, other]) => renderLadder(other, { ...options, ...labels, title: name }));
  if (connection === undefined) return [...others, renderVerdicts(verdicts, options)].join('\n\n');
  const main = renderLadder(connection, { ...options, ...labels, title, explanation, verdicts, claims });
  return [...others, main].join('\n\n');
}

/** `servers/half-open`. */
function programLabel(
  folder: 'clients' | 'servers',
  program: string | URL | Scenario['client'] | Scenario['server'],
): string {
  if (program === 'nobody') return 'nobody listens';
  if (typeof program === 'string') return `${folder}/${program}`;
  if (program instanceof URL) return program.href;
  return 'dials' in program
    ? programLabel('clients', program.dials)
    : programLabel(folder, program.behaviour);
}
