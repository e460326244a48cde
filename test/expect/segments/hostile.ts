/** Texts and captures made to take forever. Each ends; the work is bounded by steps, not by a clock. */
import test from 'ava';
import { judge } from '../../../harness/expect/judge.ts';
import { segments } from '../../../harness/expect/segment-expectations.ts';
import { matchSegments } from '../../../harness/expect/segments/match-segments.ts';
import { parseSegments } from '../../../harness/expect/segments/parse-segments.ts';
import { connectionOf, OPENING, timelineOf } from '../../support/segment-script.ts';

function outcomeOf(text: string, lines: readonly string[]): string {
  return matchSegments(parseSegments(text), connectionOf(lines).segments).outcome;
}

const START = 'client > server SYN\nserver > client SYN,ACK\nclient > server ACK\n';
const octets = (count: number): string[] => Array<string>(count).fill('client ACK len 1');

test('what makes backtracking exponential, n optional lines before n lines, is matched', (t) => {
  const [optional, wanted] = ['optional client > server ACK len 1\n', 'client > server ACK len 1\n'];
  const text = START + optional.repeat(300) + wanted.repeat(300);
  t.is(outcomeOf(`${text}end`, [...OPENING, ...octets(300)]), 'matched');
  t.is(outcomeOf(`${text}end`, [...OPENING, ...octets(299)]), 'mismatch');
});

test('repeats of repeats, which could be shared out in many ways, are matched or not', (t) => {
  const text = START + 'repeat 0.. client > server ACK len 1..\n'.repeat(60);
  t.is(outcomeOf(`${text}client > server FIN`, [...OPENING, ...octets(300), 'client FIN,ACK']), 'matched');
  t.is(outcomeOf(`${text}client > server FIN\nend`, [...OPENING, ...octets(300)]), 'mismatch');
});

test('gaps between many lines are matched or not', (t) => {
  const text = '...\nclient > server ACK len 1\n'.repeat(200);
  t.is(outcomeOf(text, [...OPENING, ...octets(400)]), 'matched');
  t.is(outcomeOf(`${text}...\nclient > server RST`, [...OPENING, ...octets(400)]), 'mismatch');
});

test('groups in any order, one after the other, are matched', (t) => {
  const lines = 'client > server ACK len 1\n'.repeat(8);
  const text = START + `in any order {\n${lines}}\n`.repeat(30);
  t.is(outcomeOf(`${text}end`, [...OPENING, ...octets(240)]), 'matched');
});

test('one segment that many lines could share is matched or not', (t) => {
  const text = START + 'optional client > server ACK len 1\n'.repeat(400);
  t.is(outcomeOf(`${text}end`, [...OPENING, 'client ACK len 400']), 'matched');
  t.is(outcomeOf(`${text}end`, [...OPENING, 'client ACK len 401']), 'mismatch');
});

test('a text with more ways of reading than anybody would follow is undetermined, and says why', (t) => {
  const text = START + 'repeat 0..1000 client > server ACK len 1 after 0 ms\n...\n'.repeat(400);
  const timeline = timelineOf([...OPENING, ...octets(2000)]);
  const { status, reason } = judge(
    timeline,
    timeline.connections[0],
    segments(`${text}client > server RST\nend`),
  );
  t.is(status, 'undetermined');
  t.is(reason, 'there are too many ways of reading the text into 2003 segments');
});
