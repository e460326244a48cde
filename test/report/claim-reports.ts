import test from 'ava';
import stringWidth from 'string-width';
import { renderClaimReports } from '../../harness/report/terminal/claim-reports.ts';
import type { ClaimReport } from '../../harness/model/verdict.ts';

const REPORT: ClaimReport = {
  claim: 5,
  text: 'After the close both client and server enter TIME-WAIT.',
  outcome: 'it depends',
  findings: [
    {
      run: 'the client closes first',
      outcome: 'refuted',
      evidence: 'only the client did',
      segments: ['#4 FIN,ACK →', '#5 ACK ←', '#6 FIN,ACK ←', '#7 ACK →'],
      states: 'client TIME-WAIT; server CLOSED',
    },
    { run: 'both at once', outcome: 'confirmed', evidence: 'both were', segments: [] },
  ],
  gaps: [{ run: 'another', reason: 'it needs a private network' }],
};

test('a claim: its outcome, its text, each run with its evidence, and what could not be shown', (t) => {
  t.is(
    renderClaimReports([REPORT]),
    `claim 5: it depends
  "After the close both client and server enter TIME-WAIT."
  refuted    the client closes first
             only the client did
             wire  #4 FIN,ACK →   #5 ACK ←   #6 FIN,ACK ←   #7 ACK →
             ss    client TIME-WAIT; server CLOSED
  confirmed  both at once
             both were
  not shown  another: it needs a private network`,
  );
});

test('claims are set apart by an empty line, and no line is too long', (t) => {
  const text = renderClaimReports([REPORT, REPORT], { columns: 40 });
  t.is(text.split('\n\n').length, 2);
  t.true(text.split('\n').every((line) => stringWidth(line) <= 40));
  t.regex(text, /#5 ACK ←/);
});

test('ASCII, no control characters from outside, and no misspelt option', (t) => {
  const text = renderClaimReports([{ ...REPORT, gaps: [{ run: 'x', reason: '\u001B[31mred' }] }], {
    ascii: true,
  });
  t.notRegex(text, /[^\n\u0020-\u007E]/u);
  t.throws(() => renderClaimReports([REPORT], { colour: true } as never), { message: /"colour"/ });
});
