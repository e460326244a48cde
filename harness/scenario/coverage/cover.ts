import type { Side } from '../../model/connection.ts';
import type { Arrow, Coverage, Proof } from '../../model/coverage.ts';
import { TCP_STATES } from '../../model/tcp-state.ts';
import { findScenario } from '../catalogue.ts';
import type { ScenarioRun } from '../run-scenario.ts';
import type { Scenario } from '../scenario.ts';
import { ARROWS } from './arrows.ts';
import { proveArrow, proveState, type Witness } from './prove.ts';

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
    unmet: runs
      .filter(({ status }) => status !== 'met')
      .map(({ scenario, verdicts }) => {
        const worst = verdicts.find(({ status }) => status !== 'met');
        return { scenario, reason: worst === undefined ? 'not run' : `${worst.title}: ${worst.reason}` };
      }),
  };
}

/** Whether every state and every arrow is proved. */
export function isCovered({ states, arrows }: Coverage): boolean {
  return [...states, ...arrows].every(({ proof }) => proof !== undefined);
}

function witnessesOf({ scenario, connections, evidence }: ScenarioRun): readonly Witness[] {
  return Object.entries(connections).flatMap(([name, connection]) => {
    const seen = evidence[name];
    if (seen === undefined) return [];
    return [{ scenario, name, connection, evidence: seen, killed: killedIn(findScenario(scenario)) }];
  });
}

function killedIn(scenario: Scenario | undefined): readonly Side[] {
  return (scenario?.steps ?? []).flatMap(({ who, command }) => {
    return command.verb === 'killSocket' && who !== 'network' ? [who] : [];
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
