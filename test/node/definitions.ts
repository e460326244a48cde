import test from 'ava';
import { DefinitionTable } from '../../harness/node/definitions.ts';

test('a text has one number, and is given out for defining once', (t) => {
  const table = new DefinitionTable();
  t.is(table.textId(undefined), -1);
  const id = table.textId('a');
  t.is(table.textId('a'), id);
  t.is(table.takeText(id), 'a');
  t.is(table.takeText(id), undefined);
  t.is(table.text(id), 'a');
});

test('texts without end are forgotten and told anew; one in use is still known', (t) => {
  const table = new DefinitionTable();
  const first = table.textId('first');
  for (let number = 0; number < 4095; number++) table.textId(`address ${number}`);
  const last = table.textId('one too many');
  t.is(table.takeText(first), 'first');
  t.is(table.text(last), 'one too many');
  const again = table.textId('first');
  t.not(again, first);
  t.is(table.takeText(again), 'first');
});

test('equal call sites are one', (t) => {
  const table = new DefinitionTable();
  const site = { user: { file: 'app.js', line: 1, column: 2 } };
  t.is(table.siteId(site), table.siteId({ ...site }));
  t.deepEqual(table.site(table.siteId(site)), site);
});

test('what a program makes longer than any name or path is cut', (t) => {
  const table = new DefinitionTable();
  const id = table.textId('E'.repeat(70_000));
  t.is(table.textId('E'.repeat(70_000)), id);
  t.is(table.text(id)?.length, 1025);
  const long = { file: `data:text/javascript,${'x'.repeat(90_000)}`, line: 1, column: 2 };
  const site = table.site(
    table.siteId({
      user: { ...long, functionName: 'f'.repeat(5000) },
      dependency: { ...long, package: 'p' },
    }),
  );
  t.is(site?.user?.file.length, 4097);
  t.is(site?.user?.functionName?.length, 1025);
  t.is(site?.dependency?.file.length, 4097);
});
