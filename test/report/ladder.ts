import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { renderLadder } from '../../harness/report/terminal/ladder.ts';
import type { Mismatch, Verdict } from '../../harness/model/verdict.ts';
import { call, connection, event, observed, type SegmentStep } from '../support/connection.ts';
import { HANDSHAKE, halfClose, refused, resetWithUnreadData } from './_stories.ts';

const FIN: SegmentStep = {
  from: 'client',
  flags: 'FIN,ACK',
  atMs: 5,
  states: ['FIN-WAIT-1', 'CLOSE-WAIT'],
};

function violated(...mismatches: readonly Mismatch[]): Verdict {
  return { title: 'orderly close', status: 'violated', reason: 'not so', mismatches };
}

function lineWith(text: string, part: string): string {
  const found = text.split('\n').filter((line) => line.includes(part));
  if (found.length !== 1) throw new Error(`${found.length} lines with "${part}" in\n${text}`);
  return found[0] ?? '';
}

function indexOfLine(text: string, part: string): number {
  return text.split('\n').findIndex((line) => line.includes(part));
}

test('a mismatch with a frame stands right under that segment, one without after the last row', (t) => {
  const verdicts = [
    violated(
      { expected: 'nothing more', observed: 'an ACK', frame: 2 },
      { expected: 'a second FIN', observed: 'none came' },
    ),
  ];
  const text = renderLadder(refused(), { verdicts });
  const segment = indexOfLine(text, '#2 ');
  t.is(indexOfLine(text, 'nothing more'), segment + 2);
  t.true(indexOfLine(text, 'a second FIN') > indexOfLine(text, 'ECONNREFUSED'));
});

test('a mismatch whose frame belongs to another connection is still shown', (t) => {
  const verdicts = [violated({ expected: 'FIN', observed: 'nothing at all', frame: 999 })];
  t.regex(renderLadder(refused(), { verdicts }), /nothing at all/u);
});

test('a state is marked only when ss showed it while the table had it', (t) => {
  const segments = [...HANDSHAKE, FIN];
  const inTime = observed('client', 'FIN-WAIT-1', [[5.5, 12]]);
  t.regex(renderLadder(connection({ segments, observedStates: [inTime] })), /FIN-WAIT-1 ✓ss │── FIN,ACK/u);
  t.regex(renderLadder(connection({ segments })), / FIN-WAIT-1 │── FIN,ACK/u);
  const tooEarly = observed('client', 'FIN-WAIT-1', [[1.5, 2.5]]);
  const disputed = renderLadder(connection({ segments, observedStates: [tooEarly] }));
  t.notRegex(disputed, /✓ss/u);
  t.regex(disputed, /! ss shows FIN-WAIT-1, the/u);
});

test('a clock that is off by less than 1 ms makes no disagreement', (t) => {
  const observedStates = [observed('client', 'FIN-WAIT-1', [[4.1, 4.3]])];
  const text = renderLadder(connection({ segments: [...HANDSHAKE, FIN], observedStates }));
  t.regex(text, /FIN-WAIT-1 ✓ss/u);
  t.notRegex(text, /!/u);
});

test('a state that ss still shows after the table left it is named', (t) => {
  const observedStates = [
    observed('server', 'ESTABLISHED', [
      [1, 2],
      [20, 28],
    ]),
  ];
  const text = renderLadder(connection({ segments: [...HANDSHAKE, FIN], observedStates }), { columns: 120 });
  t.regex(text, /\+28\.000 .*ss still shows ESTABLISHED, the segments imply CLOSE-WAIT │/u);
});

test('TIME-WAIT that ran out is no disagreement: CLOSED stands at its time', (t) => {
  const segments: SegmentStep[] = [
    ...HANDSHAKE,
    { from: 'server', flags: 'FIN,ACK', atMs: 5, states: ['TIME-WAIT', 'CLOSED'] },
  ];
  const observedStates = [observed('client', 'CLOSED', [[60_010, 60_018]])];
  const text = renderLadder(connection({ segments, observedStates }));
  t.regex(lineWith(text, '+60018.000'), /CLOSED ✓ss ·/u);
  t.notRegex(text, /!/u);
});

test('a socket gone from ESTABLISHED without a segment is a disagreement', (t) => {
  const observedStates = [observed('client', 'CLOSED', [[20, 28]])];
  const text = renderLadder(connection({ segments: HANDSHAKE, observedStates }), { columns: 120 });
  t.regex(text, /║ ! ss shows CLOSED, the segments imply ESTABLISHED/u);
});

test('no socket where the table has LISTEN is no disagreement: the listener is another', (t) => {
  const segments: SegmentStep[] = [
    { from: 'client', flags: 'SYN', atMs: 0, states: ['SYN-SENT', 'LISTEN'], delivered: false },
  ];
  const observedStates = [observed('server', 'CLOSED', [[20, 28]])];
  const text = renderLadder(connection({ segments, observedStates }), { columns: 120 });
  t.notRegex(text, /!|LISTEN ✓/u);
});

test('the summary says of an end that ss shows gone that it is gone', (t) => {
  const segments = HANDSHAKE;
  const given = renderLadder(
    connection({ segments, summary: { ending: 'abandoned', goneSilently: ['server'] } }),
    { columns: 120 },
  );
  t.regex(given, /server gone without a segment \(seen by ss\)/u);
  t.notRegex(given, /still open/u);
  const unanswered = renderLadder(connection({ segments, summary: { ending: 'unanswered' } }));
  t.regex(unanswered, /SYN not answered/u);
});

test('a held segment is broken off before its receiver and says so; a received one is not', (t) => {
  const held: SegmentStep = { ...FIN, delivered: false, states: ['FIN-WAIT-1', 'ESTABLISHED'] };
  const text = renderLadder(connection({ segments: [...HANDSHAKE, held] }), { columns: 120, ascii: true });
  const line = lineWith(text, 'FIN,ACK');
  t.regex(line, /-x +H$/u);
  t.regex(line, /not received/u);
  t.notRegex(lineWith(text, 'SYN seq'), /held|x /u);
});

test('a retransmission says so', (t) => {
  const again: SegmentStep = { ...FIN, atMs: 5.5, sequence: 1, retransmission: true };
  const text = renderLadder(connection({ segments: [...HANDSHAKE, FIN, again] }), { columns: 120 });
  t.notRegex(lineWith(text, '#4 '), /retransmission/u);
  t.regex(lineWith(text, '#5 '), /\(retransmission\)/u);
});

test('silence of more than 10 ms gets a row, less does not', (t) => {
  const after = (atMs: number): string =>
    renderLadder(connection({ segments: [...HANDSHAKE, { ...FIN, atMs }] }));
  t.notRegex(after(10.034), /…/u);
  t.regex(after(40.034), /… 40 ms …/u);
});

test('a call at the same time as a segment stands above it, an event below', (t) => {
  const js = [event('server', 'end', 5), call('client', 'end', 5)];
  const text = renderLadder(connection({ segments: [...HANDSHAKE, FIN], js }));
  const segment = indexOfLine(text, '#4 ');
  t.is(indexOfLine(text, 'client end()'), segment - 1);
  t.is(indexOfLine(text, "server 'end'"), segment + 1);
});

test('what Node called itself is told from what the program called', (t) => {
  const js = [call('server', 'end', 1, { by: 'node' }), call('client', 'end', 2, { by: 'program' })];
  const text = renderLadder(connection({ segments: HANDSHAKE, js }));
  t.regex(text, /server end\(\) by Node ║/u);
  t.regex(text, /client end\(\) +║/u);
});

test('window 0 is told, except on a RST', (t) => {
  const stop: SegmentStep = { from: 'server', flags: 'ACK', atMs: 3, window: 0 };
  t.regex(renderLadder(connection({ segments: [...HANDSHAKE, stop] })), /ACK seq 1 ack 1 win 0/u);
  t.notRegex(renderLadder(resetWithUnreadData()), /win 0/u);
});

test('sack blocks are relative, as the acknowledgement is', (t) => {
  const sackBlocks = [[3_000_000_009, 3_000_000_017]] as const;
  const hole: SegmentStep = { from: 'server', flags: 'ACK', atMs: 3, options: { sackBlocks } };
  t.regex(renderLadder(connection({ segments: [...HANDSHAKE, hole] }), { columns: 120 }), /ack 1 sack 9-17/u);
});

test('a connection without segments shows what the other lanes saw', (t) => {
  const js = [call('client', 'connect', 10), event('client', 'error', 12, { code: 'ENETUNREACH' })];
  const observedStates = [observed('client', 'SYN-SENT', [[10.5, 11]])];
  const text = renderLadder(connection({ js, observedStates }));
  t.regex(text, /\+2\.000 .*client error ENETUNREACH/u);
  t.regex(text, /SYN-SENT ✓ss ┊/u);
});

test('text from outside cannot steer the terminal', (t) => {
  const js = [event('client', 'error', 0.4, { code: 'E\u001B]0;owned\u0007\u202EVIL' })];
  const text = renderLadder(connection({ segments: HANDSHAKE, js }), {
    title: 'a\u001B[2Jb\nc',
    clientLabel: '\u2066app\u009B31m.js\u2069',
    explanation: 'line\r\nbreak',
  });
  t.regex(text, /^ab c — connection 1\nline break\n/u);
  t.regex(text, /client error EVIL/u);
  t.regex(text, /^ *app\.js$/mu);
  t.notRegex(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});

test('colours add nothing but colour sequences, and only on demand', (t) => {
  const verdicts = [violated({ expected: 'a FIN', observed: 'a RST', frame: 6 })];
  for (const columns of [40, 80, 120]) {
    const plain = renderLadder(resetWithUnreadData(), { columns, verdicts });
    const colored = renderLadder(resetWithUnreadData(), { columns, verdicts, color: true });
    t.notRegex(plain, /\u001B/u);
    t.regex(colored, /\u001B\[31m/u);
    const trimmed = stripVTControlCharacters(colored).replace(/ +$/gmu, '');
    t.is(trimmed, plain);
  }
});

test('ascii output is ASCII when the names are', (t) => {
  const verdicts = [violated({ expected: 'a → b', observed: 'the client’s FIN … — none', frame: 6 })];
  for (const columns of [40, 80, 120]) {
    t.regex(renderLadder(halfClose(), { columns, verdicts, ascii: true, title: 'x · y' }), /^[\n -~]*$/u);
  }
});

test('the compact layout tells every state and number that the wide one tells', (t) => {
  const facts = (columns: number): readonly string[] => {
    const words = renderLadder(halfClose(), { columns }).match(
      /[A-Z-]{4,}(?:-[12])?|\b(?:seq|ack|len) \d+|[+-]\d+\.\d{3}|✓ss|'\w+'|\w+\(\)|#\d+/gu,
    );
    return [...(words ?? [])].sort();
  };
  t.true(facts(80).length > 80);
  t.deepEqual(facts(50), facts(80));
});

test('an option that does not exist is rejected by name', (t) => {
  const options: object = { colour: true };
  t.throws(() => renderLadder(refused(), options), { instanceOf: TypeError, message: /"colour"/u });
  t.throws(() => renderLadder(refused(), { columns: Number.NaN }), { instanceOf: TypeError });
});
