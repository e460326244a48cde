import test from 'ava';
import {
  DEFAULT_SCENARIO,
  scenariosForCoverage,
  scenariosNamed,
} from '../../harness/cli/choose-scenarios.ts';
import { CATALOGUE, isFinwaitError } from '../../harness/index.ts';

const SLOW = CATALOGUE.filter(({ slow }) => slow !== undefined);

test('all leaves the slow ones out; --slow takes them, too; by its name one needs no --slow', (t) => {
  t.true(SLOW.length > 0);
  t.deepEqual(
    scenariosNamed(['all'], { slow: false }),
    CATALOGUE.filter((scenario) => !SLOW.includes(scenario)),
  );
  t.deepEqual(scenariosNamed(['all'], { slow: true }), CATALOGUE);
  for (const scenario of SLOW) t.deepEqual(scenariosNamed([scenario.name], { slow: false }), [scenario]);
});

test('no name is the default one, an unknown name is a wrong use', (t) => {
  t.deepEqual(
    scenariosNamed([], { slow: false }).map(({ name }) => name),
    [DEFAULT_SCENARIO],
  );
  const error = t.throws(() => scenariosNamed(['refused', 'no-such'], { slow: false }));
  t.true(isFinwaitError(error));
  t.regex(String(error), /no-such/u);
});

test('coverage takes the slow ones that hold states still, and first; --quick none', (t) => {
  const [first, ...others] = scenariosForCoverage({ quick: false });
  t.is(first?.name, 'time-wait-ends');
  t.deepEqual(
    scenariosForCoverage({ quick: true }),
    others.filter(({ slow }) => slow === undefined),
  );
});
