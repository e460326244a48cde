import test from 'ava';
import type { Coverage, Proof } from '../../harness/model/coverage.ts';
import { renderCoverage } from '../../harness/report/terminal/coverage.ts';

const PROOF: Proof = {
  scenario: 'in-slow-motion',
  connection: 'main',
  side: 'client',
  frame: 4,
  wire: '#4 client FIN,ACK',
  ss: 'ESTABLISHED, then FIN-WAIT-1 at +0.4 ms',
};

const COVERAGE: Coverage = {
  states: [{ state: 'FIN-WAIT-1', proof: PROOF }],
  arrows: [
    {
      from: 'ESTABLISHED',
      event: 'send FIN',
      to: 'FIN-WAIT-1',
      words: 'CLOSE, snd FIN',
      section: '§3.10.4',
      proof: PROOF,
    },
    { from: 'TIME-WAIT', event: '2MSL', to: 'CLOSED', words: 'timeout of 2MSL', section: '§3.10.8' },
  ],
  unreachable: [
    {
      from: 'LISTEN',
      event: 'send',
      to: 'SYN-SENT',
      words: 'SEND',
      section: '§3.10.2',
      reason: 'nobody can',
    },
  ],
  unmet: [{ scenario: 'lost-fin', reason: 'no FIN came' }],
};

function lineWith(text: string, part: string): string {
  return text.split('\n').find((line) => line.includes(part)) ?? '';
}

test('each arrow has its proof in a row, or says that it is not shown', (t) => {
  const text = renderCoverage(COVERAGE);
  t.regex(
    lineWith(text, 'CLOSE, snd FIN'),
    /in-slow-motion +client +#4 client FIN,ACK +ESTABLISHED, then FIN-WAIT-1/u,
  );
  t.regex(lineWith(text, '§3.10.8'), /not shown/u);
});

test('the count names what is missing; what no program reaches is told apart, and what was not met', (t) => {
  const text = renderCoverage(COVERAGE);
  t.is(
    lineWith(text, 'RFC 9293: '),
    'RFC 9293: 1 of 1 states, 1 of 2 arrows that programs reach, 1 that none does; missing: TIME-WAIT (timeout of 2MSL) to CLOSED',
  );
  t.is(lineWith(text, 'no program'), 'no program reaches LISTEN (SEND) to SYN-SENT: nobody can');
  t.is(lineWith(text, 'not met'), 'not met, and so no proof: lost-fin: no FIN came');
});

test('nothing missing, nothing to name', (t) => {
  const [arrow] = COVERAGE.arrows;
  const whole = { ...COVERAGE, arrows: arrow === undefined ? [] : [arrow], unreachable: [], unmet: [] };
  t.regex(renderCoverage(whole), /^RFC 9293: 1 of 1 states, 1 of 1 arrows that programs reach$/mu);
});
