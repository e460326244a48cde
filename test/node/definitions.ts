import test from 'ava';
import { DefinitionTable } from '../../harness/node/definitions.ts';

test('a text has one number, told once', (t) => {
  const told: [number, string][] = [];
  const table = new DefinitionTable();
  table.listener = { defineText: (id, text) => told.push([id, text]), defineSite: () => t.fail() };
  t.is(table.textId(undefined), -1);
  t.is(table.textId('a'), table.textId('a'));
  t.deepEqual(told, [[table.textId('a'), 'a']]);
  t.is(table.text(table.textId('a')), 'a');
});

test('texts without end are forgotten and told anew; one in use is still known', (t) => {
  let told = 0;
  const table = new DefinitionTable();
  table.listener = { defineText: () => told++, defineSite: () => t.fail() };
  const first = table.textId('first');
  for (let number = 0; number < 4095; number++) table.textId(`address ${number}`);
  const last = table.textId('one too many');
  t.is(table.text(first), 'first');
  t.is(table.text(last), 'one too many');
  t.not(table.textId('first'), first);
  t.is(told, 4098);
});

test('equal call sites are one', (t) => {
  const table = new DefinitionTable();
  const site = { user: { file: 'app.js', line: 1, column: 2 } };
  t.is(table.siteId(site), table.siteId({ ...site }));
  t.deepEqual(table.site(table.siteId(site)), site);
});
