import { correlate } from '../correlate/correlate.ts';
import { type FinwaitError, isFinwaitError } from '../errors.ts';
import { examineClaims } from '../expect/claims.ts';
import { judge, undetermined } from '../expect/judge.ts';
import type { Lab } from '../lab/lab.ts';
import type { Pair } from '../lab/pair.ts';
import type { Connection, Timeline } from '../model/connection.ts';
import type { ClaimResult, Verdict, VerdictStatus } from '../model/verdict.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { WaitOptions } from '../timing.ts';
import { describeStep, type Mutant, type Scenario, type Step, type StepCommand } from './scenario.ts';

export interface RunOptions {
  /** A peer that does something else than told, to see that the expectations notice. */
  readonly mutant?: Mutant;
  /** How long each step's observations may take. @default 5000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called before each step; the step waits for what it returns. */
  readonly beforeStep?: (words: string, index: number) => void | Promise<void>;
  /** Called after each step with the connection as far as it has come. */
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
  readonly verdicts: readonly Verdict[];
  readonly claims: readonly ClaimResult[];
}

/**
 * Runs a scenario once in an open lab: tells each step, awaits what it must bring about, then joins the lanes and
 * holds them against the scenario's expectations.
 * @throws FinwaitError when the lab is gone; an observation that does not come is a verdict, not an error
 */
export async function runScenario(
  lab: Lab,
  scenario: Scenario,
  options: RunOptions = {},
): Promise<ScenarioRun> {
  rejectUnknownOptions(options, ['mutant', 'timeoutMs', 'signal', 'beforeStep', 'afterStep']);
  const server = options.mutant?.server ?? scenario.server;
  await using pair = await lab.pair({ server, client: scenario.client });
  const unmet = await takeSteps(pair, scenario, options);
  const timeline = correlate(await pair.evidence());
  const connection = timeline.connections[0];
  const obstacle = obstacleTo(unmet, timeline);
  const verdicts = scenario.expectations
    .map((expectation) => judge(timeline, connection, expectation))
    .map((verdict) => (obstacle === undefined ? verdict : undetermined(verdict.title, obstacle)));
  if (unmet !== undefined) verdicts.unshift(stepVerdict(unmet, obstacle));
  return {
    scenario: scenario.name,
    status: worst(verdicts),
    timeline,
    connection,
    verdicts,
    claims: connection === undefined ? [] : examineClaims(timeline, connection),
  };
}

/** The worst of them: violated, then undetermined, then met. */
export function worst(verdicts: readonly Pick<Verdict, 'status'>[]): VerdictStatus {
  const statuses = new Set(verdicts.map(({ status }) => status));
  if (statuses.has('violated')) return 'violated';
  return statuses.has('undetermined') ? 'undetermined' : 'met';
}

interface UnmetStep {
  readonly step: Step;
  readonly error: FinwaitError;
  /** Whether the peer fell short; otherwise it was the lab. */
  readonly fellShort: boolean;
}

/** @returns the step whose observations did not come; those behind it are not taken */
async function takeSteps(
  pair: Pair,
  { steps }: Scenario,
  options: RunOptions,
): Promise<UnmetStep | undefined> {
  const { mutant, timeoutMs, signal, beforeStep, afterStep } = options;
  const wait = { ...(timeoutMs !== undefined && { timeoutMs }), ...(signal && { signal }) };
  for (const [index, step] of steps.entries()) {
    await beforeStep?.(describeStep(step), index);
    const told = await failureOf(tell(pair, step.who, mutate(step, mutant), wait));
    // A peer cannot do as told when its socket is gone. One that does not answer was not told at all.
    if (told !== undefined) return { step, error: told, fellShort: told.code === 'ERR_FINWAIT_PEER_COMMAND' };
    const seen = await failureOf(pair.until(step.until, wait));
    // Any other error than that it did not come is the lab's: what observes died, and proves nothing.
    if (seen !== undefined) return { step, error: seen, fellShort: seen.code === 'ERR_FINWAIT_TIMEOUT' };
    if (afterStep !== undefined) afterStep(correlate(await pair.evidence()).connections[0]);
  }
  return undefined;
}

async function failureOf(attempt: Promise<void>): Promise<FinwaitError | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (isFinwaitError(error)) return error;
    throw error;
  }
}

function mutate({ who, command }: Step, mutant: Mutant | undefined): StepCommand | 'nothing' {
  return (mutant?.who === who ? mutant.instead[command.verb] : undefined) ?? command;
}

async function tell(
  pair: Pair,
  who: Step['who'],
  command: StepCommand | 'nothing',
  wait: WaitOptions,
): Promise<void> {
  if (command === 'nothing') return;
  if (command.verb === 'connect') await pair.client.connect();
  else await pair[who].tell(command, wait);
}

/** Why nothing can be said of this run: a step could not be seen through, so that what was to follow is missing. */
function obstacleTo(unmet: UnmetStep | undefined, { evidence }: Timeline): string | undefined {
  const details = evidence.damage.map(({ detail }) => detail);
  if (unmet === undefined || (unmet.fellShort && details.length === 0)) return undefined;
  return [...new Set([unmet.error.message, ...details])].join('; ');
}

function stepVerdict({ step, error }: UnmetStep, obstacle: string | undefined): Verdict {
  const title = describeStep(step);
  if (obstacle !== undefined) return undetermined(title, obstacle);
  const mismatch = { expected: `the ${title}, and what follows from it`, observed: error.message };
  return { title, status: 'violated', reason: error.message, mismatches: [mismatch] };
}
