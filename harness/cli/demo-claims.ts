import { type ClaimReport, type Lab, renderClaimReports, runClaims } from '../index.ts';
import { renderJson } from '../report/json.ts';
import { type OptionValues, usageError } from './command.ts';
import { ExitCode } from './exit-codes.ts';
import { print, say, textOptions } from './terminal.ts';

/** Version of what `--json` prints; raised when a field changes its meaning or goes. */
const JSON_SCHEMA_VERSION = 1;

/** Options of `demo` that speak of one scenario. */
const OF_SCENARIOS = ['step', 'mutant'];

/** @throws FinwaitError ERR_FINWAIT_USAGE for an option that makes no sense with claims */
export function refuseScenarioOptions(values: OptionValues): void {
  const option = OF_SCENARIOS.find((name) => values[name] !== undefined);
  if (option !== undefined) {
    throw usageError(`demo claims takes no --${option}.`, 'Name a scenario; finwait demo --list shows them.');
  }
}

/** `finwait demo claims`: refuted is an outcome, not a fault; only what could not be shown is one. */
export async function demoClaims(lab: Lab, values: OptionValues): Promise<ExitCode> {
  const claims = await runClaims(lab, {
    onRun: (what, index, count) => {
      if (process.stderr.isTTY) say(`run ${index + 1} of ${count}: ${what}`);
    },
  });
  if (values['json'] === true) {
    print(renderJson({ schemaVersion: JSON_SCHEMA_VERSION, network: lab.network, claims }));
  } else print(renderClaimReports(claims, textOptions(values)));
  return claims.some(isIncomplete) ? ExitCode.damagedEvidence : ExitCode.met;
}

function isIncomplete({ outcome, gaps }: ClaimReport): boolean {
  return outcome === 'undetermined' || gaps.length > 0;
}
