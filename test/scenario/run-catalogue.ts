import test from 'ava';
import { CATALOGUE } from '../../harness/scenario/catalogue.ts';
import { runCatalogue } from '../../harness/scenario/run-catalogue.ts';
import { needsPrivateNetwork, type Scenario } from '../../harness/scenario/scenario.ts';
import { requireCapability } from '../support/require.ts';
import { reasonAgainst } from '../support/shared-lab.ts';

async function statuses(
  scenarios: readonly Scenario[],
  options: Parameters<typeof runCatalogue>[1],
): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const { scenario, status } of runCatalogue(scenarios, options))
    all.push(`${scenario} ${status}`);
  return all;
}

test('side by side, runs come in the order of the scenarios', async (t) => {
  if (!requireCapability(t, 'lab', await reasonAgainst('private'))) return;
  // The first takes longest.
  const scenarios = CATALOGUE.filter(({ name }) =>
    ['syn-sent', 'refused', 'destroy-idle'].includes(name),
  ).reverse();
  t.deepEqual(
    await statuses(scenarios, { network: 'private', atOnce: 3 }),
    scenarios.map(({ name }) => `${name} met`),
  );
});

test('on the host’s loopback what needs a network of its own is undetermined, and stops no other', async (t) => {
  if (!requireCapability(t, 'capture', await reasonAgainst('host'))) return;
  const scenarios = CATALOGUE.filter(({ name }) => ['lost-fin', 'host-vanishes', 'refused'].includes(name));
  t.deepEqual(
    await statuses(scenarios, { network: 'host' }),
    scenarios.map((scenario) => `${scenario.name} ${needsPrivateNetwork(scenario) ? 'undetermined' : 'met'}`),
  );
});

test('an option that does not exist is a TypeError that names it', async (t) => {
  await t.throwsAsync(statuses([], { atonce: 2 } as never), { instanceOf: TypeError, message: /"atonce"/ });
});
