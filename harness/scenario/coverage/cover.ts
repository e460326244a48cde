import type { Arrow, Coverage, Proof } from '../../model/coverage.ts';
import { TCP_STATES } from '../../model/tcp-state.ts';
import type { ScenarioRun } from '../run-scenario.ts';
import { ARROWS, UNREACHABLE } from './arrows.ts';
import { proveArrow, proveState } from './prove.ts';
import type { Witness } from './witness.ts';

/**
 * How much of RFC 9293's diagram these runs show: each arrow by the segment that brings it and by what `ss` showed
 * before and after it. A run that was not met proves nothing; a proof without a remark goes before one with.
 */
export function cover(runs: readonly ScenarioRun[]): Coverage {
  const witnesses = runs.filter(({ status }) => status === 'met').flatMap(witnessesOf);
  return {
    states: TCP_STATES.map((state) => ({
      state,
      ...best(witnesses, (witness) => proveState(state, witness)),
    })),
    arrows: ARROWS.map((arrow: Arrow) => ({
      ...arrow,
      ...best(witnesses, (witness) => proveArrow(arrow, witness)),
    })),
    unreachable: UNREACHABLE,
    unmet: runs
      .filter(({ status }) => status !== 'met')
      .map(({ scenario, verdicts }) => {
        const worst = verdicts.find(({ status }) => status !== 'met');
        return { scenario, reason: worst === undefined ? 'not run' : `${worst.title}: ${worst.reason}` };
      }),
  };
}

/** Whether every state is proved, and every arrow that a program can bring about. */
export function isCovered({ states, arrows }: Coverage): boolean {
  return [...states, ...arrows].every(({ proof }) => proof !== undefined);
}

function witnessesOf({ scenario, connections, evidence, killed }: ScenarioRun): readonly Witness[] {
  return Object.entries(connections).flatMap(([name, connection]) => {
    const seen = evidence[name];
    if (seen === undefined) return [];
    return [{ scenario, name, connection, evidence: seen, killed: killed[name] ?? [] }];
  });
}

function best(
  witnesses: readonly Witness[],
  prove: (witness: Witness) => Proof | undefined,
): { readonly proof?: Proof } {
  const proofs = witnesses.map(prove).filter((proof) => proof !== undefined);
  const proof = proofs.find(({ remark }) => remark === undefined) ?? proofs[0];
  return proof === undefined ? {} : { proof };
}
