/** The whole catalogue on a real kernel, and each of its mutants, side by side in warm labs. */
import test, { type ExecutionContext } from 'ava';
import { isFinwaitError } from '../../harness/errors.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import { CATALOGUE, findScenario } from '../../harness/scenario/catalogue.ts';
import { type RunOptions, runScenario, type ScenarioRun } from '../../harness/scenario/run-scenario.ts';
import type { Scenario } from '../../harness/scenario/scenario.ts';
import { LabPool } from '../support/lab-pool.ts';
import { requireCapability } from '../support/require.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);
const labs = new LabPool(test);

/** Slow scenarios run where they are asked for. */
const asked = CATALOGUE.filter(({ slow }) => slow === undefined || process.env['FINWAIT_SLOW'] === '1');

/** Verdicts and evidence in words, for a test that fails. */
function inWords({ verdicts, timeline }: ScenarioRun): string {
  return [
    ...verdicts.map(({ status, title, reason }) => `${status}: ${title}: ${reason}`),
    ...timeline.evidence.damage.map(({ detail }) => detail),
  ].join('\n');
}

/** A run; undefined, and the test skipped, where this kernel is too old for the scenario's timers. */
async function runGranted(
  t: ExecutionContext,
  lab: Lab,
  scenario: Scenario,
  options: RunOptions = {},
): Promise<ScenarioRun | undefined> {
  try {
    return await runScenario(lab, scenario, options);
  } catch (error) {
    if (!isFinwaitError(error) || error.code !== 'ERR_FINWAIT_SYSCTL') throw error;
    requireCapability(t, 'timers', error.message);
    return undefined;
  }
}

for (const scenario of asked) {
  const hosts = scenario.setting?.hosts ?? 1;

  test(`${scenario.name} is met`, async (t) => {
    await labs.use(t, hosts, async (lab) => {
      const run = await runGranted(t, lab, scenario);
      if (run === undefined) return;
      t.is(run.status, 'met', inWords(run));
      t.is(run.verdicts.length, scenario.expectations.length);
      t.true(run.timeline.connections.length >= 1);
      t.deepEqual(run.timeline.evidence.damage, []);
    });
  });

  for (const mutant of scenario.mutants) {
    test(`${scenario.name}, but ${mutant.what}: violated`, async (t) => {
      await labs.use(t, hosts, async (lab) => {
        const run = await runGranted(t, lab, scenario, { mutant, timeoutMs: 1500 });
        if (run === undefined) return;
        t.is(run.status, 'violated', inWords(run));
        for (const { status, reason, mismatches } of run.verdicts) {
          t.is(status === 'violated', mismatches.length > 0);
          t.not(reason, '');
        }
      });
    });
  }
}

test.serial(
  'each step is told in words before it is taken, and the connection grows with each',
  async (t) => {
    const lab = privateLab(t);
    const scenario = findScenario('half-close-by-client');
    if (lab === undefined || scenario === undefined) return;
    const words: string[] = [];
    const sizes: number[] = [];
    await runScenario(lab, scenario, {
      beforeStep: (step) => void words.push(step),
      afterStep: (connection) => sizes.push(connection?.segments.length ?? 0),
    });
    t.deepEqual(words, [
      'client connects',
      'client ends its direction',
      'server writes 11 bytes',
      'server ends its direction',
    ]);
    t.is(sizes.length, 4);
    t.true((sizes[0] ?? 0) >= 3);
    t.true(sizes.every((size, index) => index === 0 || size > (sizes[index - 1] ?? 0)));
  },
);

test.serial('an aborted run rejects with the signal’s reason and leaves the lab usable', async (t) => {
  const lab = privateLab(t);
  const scenario = findScenario('half-close-by-client');
  if (lab === undefined || scenario === undefined) return;
  const controller = new AbortController();
  const aborted = runScenario(lab, scenario, {
    signal: controller.signal,
    beforeStep: (_words, index) => {
      if (index === 1) controller.abort(new Error('enough'));
    },
  });
  await t.throwsAsync(aborted, { message: 'enough' });
  t.is((await runScenario(lab, scenario)).status, 'met');
});

test.serial('an option that does not exist is a TypeError that names it', async (t) => {
  const lab = privateLab(t);
  const [scenario] = CATALOGUE;
  if (lab === undefined || scenario === undefined) return;
  await t.throwsAsync(runScenario(lab, scenario, { timeout: 1 } as never), {
    instanceOf: TypeError,
    message: /"timeout"/,
  });
});

test.serial('claims are confirmed or refuted by what was seen', async (t) => {
  const lab = privateLab(t);
  const scenario = findScenario('handshake-and-close-by-server');
  if (lab === undefined || scenario === undefined) return;
  const { claims } = await runScenario(lab, scenario);
  t.like(
    claims.find(({ claim }) => claim === 1),
    { outcome: 'confirmed' },
  );
  t.like(
    claims.find(({ claim }) => claim === 5),
    { outcome: 'refuted' },
  );
});
