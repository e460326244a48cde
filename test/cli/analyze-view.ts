import { parseArgs } from 'node:util';
import test from 'ava';
import { analyze } from '../../harness/cli/analyze.ts';
import type { OptionValues } from '../../harness/cli/command.ts';
import { readView, type View } from '../../harness/cli/analyze-view.ts';
import { row } from '../support/row.ts';

function viewOf(...options: readonly string[]): View {
  const { values } = parseArgs({ args: [...options], options: { ...analyze.options } });
  return readView(values as OptionValues);
}

const WRONG: readonly (readonly [options: readonly string[], problem: RegExp])[] = [
  [['--top', '0'], /--top takes a whole number from 1, not "0"/],
  [['--top=-1'], /--top takes a whole number from 1, not "-1"/],
  [['--top', '1e3'], /--top takes a whole number from 1/],
  [['--top', 'many'], /--top takes a whole number from 1/],
  [['--connection', '0'], /--connection takes a whole number from 1/],
  [['--sort', 'colour'], /--sort: there is no field "colour"\.\n.*closedBy/],
  [['--columns', 'id,,server'], /--columns: there is no field ""/],
  [['--where', 'colour=red'], /no field "colour"/],
  [['--format', 'tsv'], /--format takes zeek or zeek-json, not "tsv"/],
  [['--json', '--format', 'zeek'], /--json and --format do not go together/],
  [['--summary', '--where', 'closed'], /--summary and --where do not go together/],
  [['--connection', '1', '--summary'], /--connection and --summary do not go together/],
  [['--format', 'zeek', '--columns', 'id'], /--format and --columns do not go together/],
];

for (const [options, problem] of WRONG) {
  test(`${options.join(' ')} is a usage error`, (t) => {
    t.throws(() => viewOf(...options), { code: 'ERR_FINWAIT_USAGE' });
    try {
      viewOf(...options);
    } catch (error) {
      t.regex(String(error), problem);
    }
  });
}

test('without options: a table of every connection in order of ids', (t) => {
  const view = viewOf();
  t.like(view, { kind: 'table', top: Number.POSITIVE_INFINITY, needsCommunityId: false });
  t.true(view.matches(row({})));
  const [first, second] = [1, 2].map((id) => ({ id, value: view.order?.valueOf(row({ id })) }));
  t.true(first !== undefined && second !== undefined && view.order !== undefined);
  if (first !== undefined && second !== undefined) t.true((view.order?.compare(first, second) ?? 0) < 0);
});

test('rows of data go out as they come, unless they are to be sorted or cut', (t) => {
  t.is(viewOf('--json').order, undefined);
  t.is(viewOf('--format', 'zeek').order, undefined);
  t.is(typeof viewOf('--json', '--sort', 'id').order, 'object');
  t.is(typeof viewOf('--format', 'zeek', '--top', '3').order, 'object');
});

test('the Community ID, which costs a hash, is reckoned where it is shown or asked about', (t) => {
  t.true(viewOf('--json').needsCommunityId);
  t.true(viewOf('--columns', 'id,COMMUNITYID').needsCommunityId);
  t.true(viewOf('--where', 'communityId=x').needsCommunityId);
  t.false(viewOf('--where', 'closed').needsCommunityId);
});
