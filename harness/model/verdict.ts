/**
 * - `met`: the evidence is whole and shows what was expected;
 * - `violated`: the evidence shows something that the expectation rules out;
 * - `undetermined`: evidence is missing or damaged, so neither can be said.
 */
export type VerdictStatus = 'met' | 'violated' | 'undetermined';

/** One place where the observed parts from the expected. */
export interface Mismatch {
  readonly expected: string;
  readonly observed: string;
  /** Why it happened, where a lane tells. */
  readonly cause?: string;
  /** Frame number of the segment where it shows; absent when something never came. */
  readonly frame?: number;
  /** The segments around it, one line. */
  readonly seen?: string;
}

export interface Verdict {
  /** `client half-closed`. */
  readonly title: string;
  readonly status: VerdictStatus;
  /** What shows it; for `undetermined`, what is missing. */
  readonly reason: string;
  /** Empty unless `violated`. */
  readonly mismatches: readonly Mismatch[];
}

/** What one run says about a claim that textbooks make. */
export interface ClaimResult {
  /** 1–8, as numbered in docs/claims.md. */
  readonly claim: number;
  readonly text: string;
  readonly outcome: 'confirmed' | 'refuted';
  /** What of this run shows it. */
  readonly evidence: string;
}
