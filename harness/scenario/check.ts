import { damageTo, undetermined } from '../expect/judge.ts';
import type { Connection, Timeline } from '../model/connection.ts';
import type { Lane } from '../model/observation.ts';
import type { Verdict } from '../model/verdict.ts';

/** What a check looks at. */
export interface CheckedRun {
  /** The main connection; undefined when not one segment of it was seen. */
  readonly connection: Connection | undefined;
  /** All that were seen, by the names that the play gave them. */
  readonly connections: Readonly<Record<string, Connection>>;
  readonly timeline: Timeline;
  /** What the play noted with `stage.note()`. */
  readonly notes: Readonly<Record<string, unknown>>;
}

/** What a check finds: the proof that it is met, what contradicts it, or why nobody can say. */
export type Finding =
  | { readonly met: string }
  | { readonly violated: string }
  | { readonly undetermined: string };

/** An expectation in code, for what the builders cannot say. */
export interface Check {
  readonly kind: 'check';
  /** What it says once it is met: `the client sent its SYN three times`. */
  readonly title: string;
  /** Lanes without which nothing can be said. */
  readonly needs: readonly Lane[];
  readonly examine: (run: CheckedRun) => Finding;
}

/**
 * An expectation in code.
 * @param title what it says once it is met
 * @param needs lanes without which nothing can be said: damage there makes it `undetermined`
 */
export function check(title: string, needs: readonly Lane[], examine: Check['examine']): Check {
  return { kind: 'check', title, needs, examine };
}

export function judgeCheck({ title, needs, examine }: Check, run: CheckedRun): Verdict {
  const damage = damageTo(needs, run.timeline.evidence);
  if (damage.length > 0) return undetermined(title, damage.map(({ detail }) => detail).join('; '));
  const finding = examine(run);
  if ('met' in finding) return { title, status: 'met', reason: finding.met, mismatches: [] };
  if ('undetermined' in finding) return undetermined(title, finding.undetermined);
  const mismatches = [{ expected: title, observed: finding.violated }];
  return { title, status: 'violated', reason: finding.violated, mismatches };
}
