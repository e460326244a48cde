import test from 'ava';
import { chooseCpu, onOneCpu } from '../../harness/lab/one-cpu.ts';

const status = (list: string): string =>
  `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\nMems:\t1\n`;

test('any of the allowed CPUs is chosen, ranges and single ones', (t) => {
  const chosen = [0, 0.2, 0.4, 0.6, 0.8, 0.99].map((chance) => chooseCpu(status('0-2,7,9'), chance));
  t.deepEqual(chosen, [0, 1, 2, 7, 9, 9]);
});

test('one CPU leaves no choice', (t) => {
  t.is(chooseCpu(status('5'), 0.7), 5);
});

test('without the line there is nothing to choose from', (t) => {
  t.is(chooseCpu('Name:\tnode\n', 0.5), undefined);
});

test('this machine gives the words that taskset takes, or none', (t) => {
  const words = onOneCpu();
  if (words.length > 0) t.regex(words.join(' '), /taskset -c \d+$/);
  else t.deepEqual(words, []);
});
