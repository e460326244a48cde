import test from 'ava';
import type { Verdict, VerdictStatus } from '../../harness/model/verdict.ts';
import { renderClaims, renderMismatch, renderVerdicts } from '../../harness/report/terminal/verdicts.ts';

function verdict(status: VerdictStatus, parts: Partial<Verdict> = {}): Verdict {
  return { title: 'client half-closed', status, reason: 'so it is', mismatches: [], ...parts };
}

test('a verdict says its status in a word, beside the sign', (t) => {
  t.is(renderVerdicts([verdict('met')]), '✔ met  client half-closed — so it is');
  t.is(renderVerdicts([verdict('violated')]), '✘ violated  client half-closed — so it is');
  t.is(renderVerdicts([verdict('undetermined')]), '? undetermined  client half-closed — so it is');
});

test('in ascii the word stands in brackets', (t) => {
  t.is(renderVerdicts([verdict('met')], { ascii: true }), '[met]  client half-closed - so it is');
});

test('titles of several verdicts start in one column', (t) => {
  const lines = renderVerdicts([verdict('met'), verdict('violated')]).split('\n');
  t.deepEqual(
    lines.map((line) => line.indexOf('client')),
    [12, 12],
  );
});

test('a long reason hangs below its verdict', (t) => {
  const text = renderVerdicts([verdict('met', { reason: 'word '.repeat(20) })], { columns: 60 });
  for (const line of text.split('\n').slice(1)) t.regex(line, /^ {7}word/u);
});

test('the mismatches of a violated verdict stand below it', (t) => {
  const mismatches = [{ expected: 'a FIN', observed: 'a RST' }];
  t.is(
    renderVerdicts([verdict('violated', { mismatches })]),
    '✘ violated  client half-closed — so it is\n    Expected  a FIN\n    Observed  a RST',
  );
});

test('a mismatch shows the lines that are known, values aligned', (t) => {
  const full = {
    expected: 'server → client  FIN,ACK',
    observed: 'server → client  RST,ACK',
    cause: 'server destroy() with 14 unread bytes, app.js:42:10',
    seen: '#5 FIN,ACK →   #6 ACK ←',
    frame: 7,
  };
  t.is(
    renderMismatch(full),
    [
      'Expected  server → client  FIN,ACK',
      'Observed  server → client  RST,ACK',
      'Cause     server destroy() with 14 unread bytes, app.js:42:10',
      'Seen      #5 FIN,ACK →   #6 ACK ←',
    ].join('\n'),
  );
  t.is(renderMismatch({ expected: 'a', observed: 'b' }), 'Expected  a\nObserved  b');
});

test('a claim says what became of it and why', (t) => {
  const claim = { claim: 5, text: 'Both wait.', outcome: 'refuted', evidence: 'only one did' } as const;
  t.is(renderClaims([claim]), 'claim 5 refuted: "Both wait." — only one did');
});

test('nothing to say gives the empty string', (t) => {
  t.is(renderVerdicts([]), '');
  t.is(renderClaims([]), '');
});
