/** The whole catalogue on the host's loopback, where the machine grants no network of one's own. */
import test from 'ava';
import { CATALOGUE } from '../../harness/scenario/catalogue.ts';
import { runScenario } from '../../harness/scenario/run-scenario.ts';
import { needsPrivateNetwork, type Scenario } from '../../harness/scenario/scenario.ts';
import { shareLab } from '../support/shared-lab.ts';

const hostLab = shareLab(test, { network: 'host' });

for (const scenario of CATALOGUE.filter(runsAnywhere)) {
  test.serial(`${scenario.name} is met on the host’s loopback`, async (t) => {
    const lab = hostLab(t);
    if (lab === undefined) return;
    const run = await runScenario(lab, scenario);
    t.is(run.status, 'met', run.verdicts.map(({ title, reason }) => `${title}: ${reason}`).join('\n'));
    t.true(run.timeline.connections.length >= 1);
  });
}

function runsAnywhere(scenario: Scenario): boolean {
  return !needsPrivateNetwork(scenario) && scenario.slow === undefined;
}
