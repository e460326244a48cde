import type { Expectation } from '../expect/expectation.ts';
import { judge } from '../expect/judge.ts';
import type { Connection, Timeline } from '../model/connection.ts';
import type { Mismatch, Verdict } from '../model/verdict.ts';
import { renderLadder } from '../report/terminal/ladder.ts';
import { renderVerdicts } from '../report/terminal/verdicts.ts';

/** An expectation is not met: violated, or undetermined because evidence is missing. Its message draws the ladder. */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError';
  readonly verdicts: readonly Verdict[];
  readonly mismatches: readonly Mismatch[];
  readonly timeline: Timeline;

  constructor(timeline: Timeline, connection: Connection | undefined, verdicts: readonly Verdict[]) {
    const unmet = verdicts.filter(({ status }) => status !== 'met');
    const headline = unmet.map(({ title, status }) => `${title}: ${status}`).join('; ');
    const picture =
      connection === undefined
        ? renderVerdicts(verdicts)
        : renderLadder(connection, { verdicts, columns: 100 });
    super(`${headline}\n\n${picture}`);
    this.verdicts = verdicts;
    this.mismatches = unmet.flatMap(({ mismatches }) => mismatches);
    this.timeline = timeline;
  }
}

/**
 * Passes only when every expectation is met by the timeline's first connection; what cannot be determined fails.
 * Works in any test runner.
 * @throws ExpectationError with a ladder that shows each mismatch at its place; TypeError without an expectation
 */
export function assertMet(timeline: Timeline, ...expectations: readonly Expectation[]): void {
  if (expectations.length === 0) throw new TypeError('assertMet takes at least one expectation');
  const connection = timeline.connections[0];
  const verdicts = expectations.map((expectation) => judge(timeline, connection, expectation));
  if (verdicts.some(({ status }) => status !== 'met'))
    throw new ExpectationError(timeline, connection, verdicts);
}
