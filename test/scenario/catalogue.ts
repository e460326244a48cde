import { readdirSync } from 'node:fs';
import test from 'ava';
import { CATALOGUE, findScenario } from '../../harness/scenario/catalogue.ts';
import { CHAPTERS } from '../../harness/scenario/scenario.ts';
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
  const { name, title, explanation, chapter, steps = [], play, expectations, mutants } = scenario;

  test(`${name} says what it shows, expects something, and has a mutant that must be noticed`, (t) => {
    t.regex(title, /^\S.*[^.]$/);
    t.regex(explanation, /^\S.{80,}\.$/s);
    t.true(CHAPTERS.includes(chapter));
    t.true(expectations.length >= 1);
    t.true(mutants.length >= 1);
    t.is(new Set(mutants.map(({ what }) => what)).size, mutants.length);
  });

  test(`${name} is told in steps or played, and every mutant changes something`, (t) => {
    t.true(steps.length >= 1 !== (play !== undefined));
    for (const { who, instead = {}, server, client } of mutants) {
      const replaces = Object.keys(instead);
      t.true(server !== undefined || client !== undefined || replaces.length > 0);
      t.notDeepEqual(server, scenario.server);
      t.notDeepEqual(client, scenario.client);
      if (play !== undefined) continue;
      const told = steps.filter((step) => step.who === who).map(({ command }) => command.verb);
      t.true(replaces.every((verb) => told.some((other) => other === verb)));
    }
  });
}
