import test from 'ava';
import type { Caller } from '../../harness/node/call-site.ts';
import { CallerBudget } from '../../harness/node/caller-budget.ts';

function caller(siteId: number): Caller {
  return { by: 'program', siteId, layer: undefined, isInferred: false, inferred: undefined };
}

const end = (): void => undefined;

/** A budget over stacks that are told as they are asked for, and how often they were. */
function budgetOver(stacks: (read: number) => Caller): { budget: CallerBudget; reads: () => number } {
  let reads = 0;
  return { budget: new CallerBudget({ callerOf: () => stacks(reads++) }), reads: () => reads };
}

test('up to two thousand calls at once are read, each', (t) => {
  const { budget, reads } = budgetOver(() => caller(1));
  for (let call = 0; call < 2000; call++) t.false(budget.callerOf(end, 1, 0).isInferred);
  t.is(reads(), 2000);
});

test('beyond them a kind with one place is inferred, and read again as time earns it', (t) => {
  const { budget, reads } = budgetOver(() => caller(1));
  for (let call = 0; call < 2000; call++) budget.callerOf(end, 1, 0);
  t.like(budget.callerOf(end, 1, 0), { isInferred: true, siteId: 1 });
  t.is(reads(), 2000);
  t.false(budget.callerOf(end, 1, 4_000_000).isInferred);
  t.is(reads(), 2001);
});

test('a kind with two places is always read', (t) => {
  const { budget, reads } = budgetOver((read) => caller(read === 1990 ? 2 : 1));
  for (let call = 0; call < 3000; call++) t.false(budget.callerOf(end, 1, 0).isInferred);
  t.is(reads(), 3000);
});

test('a context of which little is known is read, whatever others tell', (t) => {
  const { budget } = budgetOver((read) => caller(read < 2000 ? 1 : 7));
  for (let call = 0; call < 2000; call++) budget.callerOf(end, 1, 0);
  for (let call = 0; call < 16; call++) t.like(budget.callerOf(end, 2, 0), { isInferred: false, siteId: 7 });
  t.like(budget.callerOf(end, 2, 0), { isInferred: true, siteId: 7 });
});
