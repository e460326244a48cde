import { readFileSync } from 'node:fs';
import test from 'ava';
import { FIELDS, findField } from '../../harness/analyze/fields.ts';
import { row } from '../support/row.ts';

test('docs/analyze.md lists the fields, in this order, with their kinds and what they say', (t) => {
  const text = readFileSync('docs/analyze.md', 'utf8');
  const section = text.slice(text.indexOf('## Fields'), text.indexOf('How `ending` is decided'));
  const documented = [...section.matchAll(/^\| `(\w+)` *\| (\w+) *\| (.*?) *\|$/gm)].map(
    ([, ...cells]) => cells,
  );
  t.deepEqual(
    documented,
    FIELDS.map(({ name, kind, about }) => [name, kind, about]),
  );
});

test('a field is found whatever its capitals', (t) => {
  t.is(findField('CLOSEDBY')?.name, 'closedBy');
  t.is(findField('closed by'), undefined);
});

test('a value is of its field’s kind, or undefined', (t) => {
  const types = { number: 'number', text: 'string', flag: 'boolean' } as const;
  for (const { name, kind, of } of FIELDS) {
    const value = of(row({}));
    if (value !== undefined) t.is(typeof value, types[kind], name);
  }
});

test('times are in milliseconds, the start in seconds since the epoch', (t) => {
  const value = (name: string): unknown =>
    findField(name)?.of(row({ handshakeNs: 1_500_000, durationNs: 2e9 }));
  t.is(value('handshake'), 1.5);
  t.is(value('duration'), 2000);
  t.is(value('start'), 1_700_000_000);
});

test('open: any ending that leaves a direction open, or its last ACK missing', (t) => {
  const open = (ending: 'open' | 'half-closed' | 'closing' | 'closed' | 'reset' | 'unanswered'): unknown =>
    findField('open')?.of(row({ ending }));
  t.deepEqual((['open', 'half-closed', 'closing'] as const).map(open), [true, true, true]);
  t.deepEqual((['closed', 'reset', 'unanswered'] as const).map(open), [false, false, false]);
});
