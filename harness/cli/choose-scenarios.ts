import { CATALOGUE, findScenario, type Scenario } from '../index.ts';
import { usageError } from './command.ts';

export const DEFAULT_SCENARIO = 'half-close-by-client';

/** Those that `finwait demo NAME…` means: the default one, `all`, or each by its name. */
export function scenariosNamed(
  names: readonly string[],
  { slow }: { readonly slow: boolean },
): readonly Scenario[] {
  if (names.length === 0) return scenariosNamed([DEFAULT_SCENARIO], { slow });
  if (names.length === 1 && names[0] === 'all') {
    return CATALOGUE.filter((scenario) => slow || scenario.slow === undefined);
  }
  return names.map((name) => {
    const scenario = findScenario(name);
    if (scenario === undefined) {
      throw usageError(`There is no scenario "${name}".`, 'finwait demo --list shows them all.');
    }
    return scenario;
  });
}

/** Of the slow ones those that hold states still, and first: the others run while they wait. */
export function scenariosForCoverage({ quick }: { readonly quick: boolean }): readonly Scenario[] {
  const slow = CATALOGUE.filter((scenario) => scenario.slow !== undefined && scenario.chapter === 'states');
  const others = CATALOGUE.filter((scenario) => scenario.slow === undefined);
  return quick ? others : [...slow, ...others];
}
