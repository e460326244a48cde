import { readdirSync } from 'node:fs';
import test from 'ava';
import { CATALOGUE, findScenario } from '../../harness/scenario/catalogue.ts';
import { describeStep } from '../../harness/scenario/scenario.ts';
import { builtFile } from '../support/child-program.ts';

test('every file of the catalogue is in it once, under its own name', (t) => {
  const files = readdirSync(builtFile('harness/scenario/catalogue'))
    .filter((name) => name.endsWith('.js'))
    .map((name) => name.replace(/\.js$/, ''));
  t.deepEqual(CATALOGUE.map(({ name }) => name).sort(), files.sort());
});

test('a scenario is found by its name, and nothing by another', (t) => {
  for (const scenario of CATALOGUE) t.is(findScenario(scenario.name), scenario);
  t.is(findScenario('no-such'), undefined);
});

for (const scenario of CATALOGUE) {
  test(`${scenario.name} says what it shows, expects something, and has a mutant that must be noticed`, (t) => {
    t.regex(scenario.title, /^\S.*[^.]$/);
    t.regex(scenario.explanation, /^\S.{80,}\.$/s);
    t.true(scenario.steps.length >= 1);
    t.true(scenario.expectations.length >= 1);
    t.true(scenario.mutants.length >= 1);
    t.is(new Set(scenario.mutants.map(({ what }) => what)).size, scenario.mutants.length);
    t.is(new Set(scenario.steps.map(describeStep)).size, scenario.steps.length);
  });

  test(`${scenario.name}: its first step connects, and every mutant changes something`, (t) => {
    t.is(scenario.steps[0]?.command.verb, 'connect');
    for (const { who, instead, server } of scenario.mutants) {
      const told = scenario.steps.filter((step) => step.who === who).map(({ command }) => command.verb);
      const replaces = Object.keys(instead);
      t.true(server !== undefined || replaces.length > 0);
      t.true(replaces.every((verb) => told.some((other) => other === verb)));
      t.not(server, scenario.server);
    }
  });
}
