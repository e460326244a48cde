import { examineClaims } from '../expect/claims.ts';
import { judge, undetermined } from '../expect/judge.ts';
import type { Lab } from '../lab/lab.ts';
import type { Connection, Side, Timeline } from '../model/connection.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import type { ClaimResult, Verdict, VerdictStatus } from '../model/verdict.ts';
import { rejectUnknownOptions } from '../options.ts';
import { type CheckedRun, judgeCheck } from './check.ts';
import {
  describeStep,
  type Mutant,
  needsPrivateNetwork,
  type Scenario,
  type ScenarioExpectation,
} from './scenario.ts';
import { describeExpectation } from '../expect/describe-expectation.ts';
import { Stage } from './stage.ts';
import { StepFailed } from './step-failed.ts';

export interface RunOptions {
  /** A peer that does something else than told, to see that the expectations notice. */
  readonly mutant?: Mutant;
  /** How long each step's observations may take. @default 5000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called before each step; the step waits for what it returns. */
  readonly beforeStep?: (words: string, index: number) => void | Promise<void>;
  /** Called after each step with the main connection as far as it has come. */
  readonly afterStep?: (connection: Connection | undefined) => void;
}

/** What became of a scenario, as plain data. */
export interface ScenarioRun {
  readonly scenario: string;
  /** The worst of the verdicts: violated, then undetermined, then met. */
  readonly status: VerdictStatus;
  readonly timeline: Timeline;
  /** The scenario's connection; undefined when not one segment was seen. */
  readonly connection: Connection | undefined;
  /** All connections of the play, by name; the scenario's own is `main`. */
  readonly connections: Readonly<Record<string, Connection>>;
  /** What the lanes saw before it was joined, by the names of the connections. */
  readonly evidence: Readonly<Record<string, RunEvidence>>;
  /** Sides whose socket was killed by `ss -K`, by the names of the connections. */
  readonly killed: Readonly<Record<string, readonly Side[]>>;
  readonly verdicts: readonly Verdict[];
  readonly claims: readonly ClaimResult[];
  /** From the lab's being set up to the last look. */
  readonly tookMs: number;
}

/**
 * Runs a scenario once in an open lab: tells each step, awaits what it must bring about, then joins the lanes and
 * holds them against the scenario's expectations.
 * @throws FinwaitError when the lab is gone; an observation that does not come is a verdict, not an error.
 * TypeError when the lab has another number of hosts than the scenario
 */
export async function runScenario(
  lab: Lab,
  scenario: Scenario,
  options: RunOptions = {},
): Promise<ScenarioRun> {
  rejectUnknownOptions(options, ['mutant', 'timeoutMs', 'signal', 'beforeStep', 'afterStep']);
  checkLab(lab, scenario);
  if (lab.network === 'host' && needsPrivateNetwork(scenario)) {
    return notRun(scenario, `it needs a private network: ${lab.refusal ?? 'the host’s was asked for'}`);
  }
  const { mutant, timeoutMs, signal, beforeStep, afterStep } = options;
  const beganAtMs = performance.now();
  await using stage = await Stage.open(lab, scenario, {
    ...(mutant && { mutant }),
    wait: { ...(timeoutMs !== undefined && { timeoutMs }), ...(signal && { signal }) },
    ...(beforeStep && { beforeStep: (step, index) => beforeStep(describeStep(step), index) }),
    ...(afterStep && {
      afterStep: async (now) => {
        afterStep((await now.timeline()).connections['main']);
      },
    }),
  });
  const unmet = await play(stage, scenario);
  const { timeline, connections, evidence } = await stage.timeline();
  const run = { timeline, connections, connection: connections['main'], notes: stage.notes };
  return {
    ...judgeRun(scenario, unmet, run),
    evidence,
    killed: stage.killed,
    tookMs: performance.now() - beganAtMs,
  };
}

/** A run that this machine does not grant: every expectation is undetermined. */
export function notRun(scenario: Scenario, reason: string): ScenarioRun {
  const titles = scenario.expectations.map(titleOf);
  return {
    scenario: scenario.name,
    status: 'undetermined',
    timeline: { connections: [], evidence: { damage: [] } },
    connection: undefined,
    connections: {},
    evidence: {},
    killed: {},
    verdicts: titles.map((title) => undetermined(title, reason)),
    claims: [],
    tookMs: 0,
  };
}

function titleOf(expectation: ScenarioExpectation): string {
  if (expectation.kind === 'check') return expectation.title;
  if (expectation.kind !== 'on') return describeExpectation(expectation);
  return `${expectation.name}: ${describeExpectation(expectation.expectation)}`;
}

/** The worst of them: violated, then undetermined, then met. */
export function worst(verdicts: readonly Pick<Verdict, 'status'>[]): VerdictStatus {
  const statuses = new Set(verdicts.map(({ status }) => status));
  if (statuses.has('violated')) return 'violated';
  return statuses.has('undetermined') ? 'undetermined' : 'met';
}

function checkLab(lab: Lab, scenario: Scenario): void {
  const { hosts = 1 } = scenario.setting ?? {};
  if (lab.hosts !== hosts) {
    throw new TypeError(`${scenario.name} takes a lab of ${hosts} hosts: openLab({hosts: ${hosts}})`);
  }
}

/** @returns the step whose observations did not come; those behind it are not taken */
async function play(stage: Stage, { steps = [], play }: Scenario): Promise<StepFailed | undefined> {
  try {
    for (const step of steps) await stage.take(step);
    await play?.(stage);
    return undefined;
  } catch (error) {
    if (error instanceof StepFailed) return error;
    throw error;
  }
}

function judgeRun(
  scenario: Scenario,
  unmet: StepFailed | undefined,
  run: CheckedRun,
): Omit<ScenarioRun, 'evidence' | 'killed' | 'tookMs'> {
  const { timeline, connection, connections } = run;
  const obstacle = obstacleTo(unmet, timeline);
  const verdicts = scenario.expectations
    .map((expectation) => judgeOne(expectation, run))
    .map((verdict) => (obstacle === undefined ? verdict : undetermined(verdict.title, obstacle)));
  if (unmet !== undefined) verdicts.unshift(stepVerdict(unmet, obstacle));
  return {
    scenario: scenario.name,
    status: worst(verdicts),
    timeline,
    connection,
    connections,
    verdicts,
    claims: connection === undefined ? [] : examineClaims(timeline, connection),
  };
}

function judgeOne(expectation: ScenarioExpectation, run: CheckedRun): Verdict {
  switch (expectation.kind) {
    case 'check':
      return judgeCheck(expectation, run);
    case 'on': {
      const { name } = expectation;
      const verdict = judge(run.timeline, run.connections[name], expectation.expectation);
      return { ...verdict, title: `${name}: ${verdict.title}` };
    }
    default:
      return judge(run.timeline, run.connection, expectation);
  }
}

/** Why nothing can be said of this run: a step could not be seen through, so that what was to follow is missing. */
function obstacleTo(unmet: StepFailed | undefined, { evidence }: Timeline): string | undefined {
  const details = evidence.damage.map(({ detail }) => detail);
  if (unmet === undefined || (unmet.fellShort && details.length === 0)) return undefined;
  return [...new Set([unmet.reason.message, ...details])].join('; ');
}

function stepVerdict({ what: title, reason }: StepFailed, obstacle: string | undefined): Verdict {
  if (obstacle !== undefined) return undetermined(title, obstacle);
  const mismatch = { expected: `the ${title}, and what follows from it`, observed: reason.message };
  return { title, status: 'violated', reason: reason.message, mismatches: [mismatch] };
}
