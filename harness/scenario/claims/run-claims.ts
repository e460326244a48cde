import { isFinwaitError } from '../../errors.ts';
import { CLAIM_TEXTS, examineClaims } from '../../expect/claims.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Connection, Timeline } from '../../model/connection.ts';
import type { ClaimFinding, ClaimOutcome, ClaimReport, ClaimResult } from '../../model/verdict.ts';
import { rejectUnknownOptions } from '../../options.ts';
import { CLAIM_RUNS, type ClaimEvidence, type ClaimRun } from './claim-runs.ts';
import { segmentsShowing, statesShowing } from './claim-evidence.ts';

export interface ClaimsOptions {
  /** Called before each run. */
  readonly onRun?: (what: string, index: number, count: number) => void;
}

/**
 * Runs what it takes to see, for each claim of docs/claims.md, whether it holds on this kernel, and says so with the
 * evidence. A run that fails, or that this network does not allow, shows nothing and is named.
 * @throws FinwaitError when the lab is gone
 */
export async function runClaims(lab: Lab, options: ClaimsOptions = {}): Promise<ClaimReport[]> {
  rejectUnknownOptions(options, ['onRun']);
  const done: { run: ClaimRun; result: RunResult }[] = [];
  for (const [index, run] of CLAIM_RUNS.entries()) {
    options.onRun?.(run.what, index, CLAIM_RUNS.length);
    done.push({ run, result: await resultOf(lab, run) });
  }
  return CLAIM_TEXTS.map((text, index) => {
    const claim = index + 1;
    const relevant = done.filter(({ run }) => run.claims.includes(claim));
    const findings = relevant.flatMap(({ run, result }): ClaimFinding[] => {
      return 'timeline' in result ? findingsOf(claim, run, result) : [];
    });
    const gaps = relevant.flatMap(({ run, result }) => {
      return 'timeline' in result ? [] : [{ run: run.what, reason: result.reason }];
    });
    return { claim, text, outcome: outcomeOf(findings), findings, gaps };
  });
}

type RunResult = ClaimEvidence | { readonly reason: string };

async function resultOf(lab: Lab, { run, needsPrivateNetwork = false }: ClaimRun): Promise<RunResult> {
  if (needsPrivateNetwork && lab.network !== 'private') return { reason: 'it needs a private network' };
  try {
    return await run(lab);
  } catch (error) {
    if (!isFinwaitError(error) || error.code === 'ERR_FINWAIT_PROCESS_ENDED') throw error;
    return { reason: error.message };
  }
}

/** Confirmed or refuted where all that was found says so; both found: it depends; nothing: nobody can say. */
export function outcomeOf(findings: readonly Pick<ClaimFinding, 'outcome'>[]): ClaimOutcome {
  const outcomes = new Set(findings.map(({ outcome }) => outcome));
  if (outcomes.size > 1) return 'it depends';
  const [outcome = 'undetermined'] = outcomes;
  return outcome;
}

function findingsOf(
  claim: number,
  { what }: ClaimRun,
  { timeline, notes = [] }: ClaimEvidence,
): ClaimFinding[] {
  const results = resultsOf(claim, timeline);
  const note = notes.find((each) => each.claim === claim);
  const outcomes = new Set([...results.map(({ result }) => result.outcome), note?.outcome]);
  return [...outcomes].flatMap((outcome): ClaimFinding[] => {
    if (outcome === undefined) return [];
    const [first, ...others] = results.filter(({ result }) => result.outcome === outcome);
    const count = others.length + (first === undefined ? 0 : 1);
    const total = timeline.connections.length;
    const counted = total > 1 && claim !== OF_ALL && count > 0 ? `${count} of ${total}; the first: ` : '';
    const shown = [
      ...(first === undefined ? [] : [`${counted}${first.result.evidence}`]),
      ...(note?.outcome === outcome ? [note.evidence] : []),
    ];
    const connection = first?.connection ?? timeline.connections[0];
    return [{ run: what, outcome, evidence: shown.join('; '), ...shownBy(claim, connection) }];
  });
}

/** The claim that speaks of all connections of a run together. */
const OF_ALL = 2;

function resultsOf(
  claim: number,
  timeline: Timeline,
): { readonly connection: Connection; readonly result: ClaimResult }[] {
  const connections = claim === OF_ALL ? timeline.connections.slice(0, 1) : timeline.connections;
  return connections.flatMap((connection) => {
    const result = examineClaims(timeline, connection).find((each) => each.claim === claim);
    return result === undefined ? [] : [{ connection, result }];
  });
}

function shownBy(
  claim: number,
  connection: Connection | undefined,
): Pick<ClaimFinding, 'segments' | 'states'> {
  if (connection === undefined) return { segments: [] };
  const states = statesShowing(claim, connection);
  return { segments: segmentsShowing(claim, connection), ...(states !== '' && { states }) };
}
