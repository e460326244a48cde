import test from 'ava';
import { FinwaitError } from '../../harness/errors.ts';
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

const [REFUSED] = CATALOGUE.filter(({ name }) => name === 'refused');

test('whoever stops listening stops what runs, however long it would have waited', async (t) => {
  if (!requireCapability(t, 'lab', await reasonAgainst('private')) || REFUSED === undefined) return;
  let waits: (() => void) | undefined;
  const isWaiting = new Promise<void>((resolve) => {
    waits = resolve;
  });
  const { steps: _, ...rest } = REFUSED;
  const forever: Scenario = {
    ...rest,
    name: 'forever',
    play: async (stage) => {
      waits?.();
      await stage.until({ events: [{ side: 'client', name: 'data' }] });
    },
  };
  const runs = runCatalogue([REFUSED, forever], { network: 'private', atOnce: 2, timeoutMs: 600_000 });
  for await (const { status } of runs) {
    t.is(status, 'met');
    await isWaiting;
    break;
  }
});

test('a lab in which something failed is not used again', async (t) => {
  if (!requireCapability(t, 'lab', await reasonAgainst('private')) || REFUSED === undefined) return;
  const { steps: _, ...rest } = REFUSED;
  const failing: Scenario = {
    ...rest,
    name: 'failing',
    play: () => Promise.reject(new FinwaitError('ERR_FINWAIT_SYSCTL', 'told to fail')),
  };
  let labs = 0;
  const onLab = (): void => {
    labs++;
  };
  t.deepEqual(await statuses([REFUSED, failing, REFUSED], { network: 'private', onLab }), [
    'refused met',
    'failing undetermined',
    'refused met',
  ]);
  t.is(labs, 2);
});
