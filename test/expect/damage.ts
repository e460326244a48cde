import test from 'ava';
import { describeExpectation } from '../../harness/expect/describe-expectation.ts';
import {
  type Expectation,
  halfClose,
  handshake,
  nothingLeftOpen,
  orderlyClose,
  refused,
  reset,
  states,
} from '../../harness/expect/expectation.ts';
import type { Lane } from '../../harness/model/observation.ts';
import { OPENING, type RunOptions } from '../support/segment-script.ts';
import { DAMAGE, verdictOf } from './_verdict-of.ts';

const HALF_CLOSED = [
  ...OPENING,
  'client FIN,ACK',
  'server ACK len 9',
  'client ACK',
  'server FIN,ACK',
  'client ACK',
];
const SS: RunOptions['ss'] = [
  [3.5, 'ESTABLISHED', 'ESTABLISHED'],
  [9, 'TIME-WAIT', 'CLOSED'],
];

/** Each expectation with a run that meets it, and the only lane that it needs for that. */
const MET: readonly (readonly [expectation: Expectation, lines: readonly string[], needs: Lane])[] = [
  [handshake(), HALF_CLOSED, 'wire'],
  [orderlyClose({ by: 'client' }), HALF_CLOSED, 'wire'],
  [halfClose({ by: 'client' }), HALF_CLOSED, 'wire'],
  [reset({ by: 'server' }), [...OPENING, 'server RST,ACK'], 'wire'],
  [refused(), ['client SYN', 'server RST,ACK seq 0'], 'wire'],
  [states('client', 'ESTABLISHED', 'TIME-WAIT'), HALF_CLOSED, 'kernel'],
  [nothingLeftOpen(), HALF_CLOSED, 'kernel'],
];

for (const [expectation, lines, needs] of MET) {
  test(`${expectation.kind} is met by whole evidence`, (t) => {
    t.is(verdictOf(expectation, lines, { ss: SS }).status, 'met');
  });

  for (const damage of DAMAGE) {
    // A peer that died had its sockets closed by the kernel: no lane shows what the program did.
    const matters = damage.lane === needs || damage.kind === 'reports-lost';
    const outcome = matters ? 'undetermined' : 'met';
    test(`${expectation.kind} is ${outcome} with ${damage.kind} in the ${damage.lane} lane`, (t) => {
      const { status, reason, title } = verdictOf(expectation, lines, { ss: SS, damage: [damage] });
      t.is(status, outcome);
      t.is(title, describeExpectation(expectation));
      if (outcome === 'undetermined') t.is(reason, damage.detail);
    });
  }

  test(`${expectation.kind} is met though the capture could not be saved`, (t) => {
    const damage = [{ lane: 'wire', kind: 'file-incomplete', detail: 'disk full' }] as const;
    t.is(verdictOf(expectation, lines, { ss: SS, damage }).status, 'met');
  });
}

test('every damage of the lane is told', (t) => {
  const { reason } = verdictOf(handshake(), OPENING, { damage: DAMAGE.slice(0, 3) });
  t.is(reason, 'the kernel dropped 3 packets; tcpdump ended by itself; 2 packets could not be decoded');
});
