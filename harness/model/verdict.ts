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

/** `it depends`: some runs confirm it and some refute it. */
export type ClaimOutcome = ClaimResult['outcome'] | 'it depends' | 'undetermined';

/** What one kind of run says of a claim. */
export interface ClaimFinding {
  /** What was done. */
  readonly run: string;
  readonly outcome: ClaimResult['outcome'];
  readonly evidence: string;
  /** The segments that show it, `#5 FIN,ACK again →`; of the first connection where there were more. */
  readonly segments: readonly string[];
  /** The states that `ss` showed, where they matter. */
  readonly states?: string;
}

/** What all runs together say of a claim that textbooks make. */
export interface ClaimReport {
  /** 1–8, as numbered in docs/claims.md. */
  readonly claim: number;
  readonly text: string;
  readonly outcome: ClaimOutcome;
  readonly findings: readonly ClaimFinding[];
  /** Runs that were to show something, and did not. */
  readonly gaps: readonly { readonly run: string; readonly reason: string }[];
}
