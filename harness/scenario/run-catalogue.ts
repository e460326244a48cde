import { isFinwaitError } from '../errors.ts';
import type { Lab } from '../lab/lab.ts';
import { type LabOptions, openLab } from '../lab/open-lab.ts';
import { Waiters } from '../lab/waiters.ts';
import { rejectUnknownOptions } from '../options.ts';
import { notRun, type RunOptions, runScenario, type ScenarioRun } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

export interface CatalogueOptions extends Pick<RunOptions, 'timeoutMs' | 'signal'> {
  /** @default 'auto' */
  readonly network?: LabOptions['network'];
  /** How many scenarios run at once, each in a lab of its own. @default 1 */
  readonly atOnce?: number;
  /** What else a run of one scenario is given. */
  readonly runOptions?: (scenario: Scenario) => RunOptions;
  /** Told of each lab that is opened. */
  readonly onLab?: (lab: Lab) => void;
}

/**
 * Runs scenarios, several side by side, each alone in its lab; labs stay warm and are used again.
 * What a machine does not grant makes a run `undetermined` that needs it, and stops no other.
 * @yields the runs in the order of `scenarios`, each as soon as those before it are done
 * @throws FinwaitError when there is no lab at all; TypeError for an unknown option
 */
export async function* runCatalogue(
  scenarios: readonly Scenario[],
  options: CatalogueOptions = {},
): AsyncGenerator<ScenarioRun> {
  rejectUnknownOptions(options, ['network', 'atOnce', 'timeoutMs', 'signal', 'runOptions', 'onLab']);
  const { atOnce = 1 } = options;
  const stopped = new AbortController();
  const free = Array.from({ length: Math.min(atOnce, scenarios.length) }, () => new Labs(options));
  const all = [...free];
  const waiters = new Waiters();
  const runs = scenarios.map(async (scenario) => {
    let labs = free.pop();
    for (; labs === undefined; labs = free.pop()) await waiters.wait();
    try {
      stopped.signal.throwIfAborted();
      return await labs.run(scenario, options);
    } finally {
      free.push(labs);
      waiters.wakeAll();
    }
  });
  // Whoever stops listening, or hears of an earlier failure, leaves these unawaited.
  for (const run of runs) run.catch(() => undefined);
  try {
    for (const run of runs) yield await run;
  } finally {
    stopped.abort();
    await Promise.allSettled(runs);
    await Promise.all(all.map((labs) => labs[Symbol.asyncDispose]()));
  }
}

/** A lab of each number of hosts, opened when it is first needed. */
class Labs implements AsyncDisposable {
  readonly #options: CatalogueOptions;
  readonly #labs = new Map<1 | 2, Lab>();

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  async run(scenario: Scenario, { timeoutMs, signal, runOptions }: CatalogueOptions): Promise<ScenarioRun> {
    const hosts = scenario.setting?.hosts ?? 1;
    if (hosts === 2 && this.#options.network === 'host')
      return notRun(scenario, 'the host’s loopback is one host');
    try {
      const lab = await this.#lab(hosts);
      return await runScenario(lab, scenario, {
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(signal && { signal }),
        ...runOptions?.(scenario),
      });
    } catch (error) {
      // A lab that is gone takes nothing with it but itself.
      if (!isFinwaitError(error)) throw error;
      if (error.code === 'ERR_FINWAIT_PROCESS_ENDED') await this[Symbol.asyncDispose]();
      else if (this.#labs.size === 0 && hosts === 1) throw error;
      return notRun(scenario, error.message);
    }
  }

  async #lab(hosts: 1 | 2): Promise<Lab> {
    const open = this.#labs.get(hosts);
    if (open !== undefined) return open;
    const { network = 'auto', onLab } = this.#options;
    const lab = await openLab(hosts === 1 ? { network } : { hosts, network: 'private' });
    onLab?.(lab);
    this.#labs.set(hosts, lab);
    return lab;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const labs = [...this.#labs.values()];
    this.#labs.clear();
    await Promise.all(labs.map((lab) => lab.stop()));
  }
}
