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

const WORDS: readonly (readonly [Expectation, string])[] = [
  [handshake(), 'handshake SYN, SYN,ACK, ACK'],
  [orderlyClose({ by: 'client' }), 'orderly close by the client'],
  [orderlyClose({ by: 'server', segments: 3 }), 'orderly close by the server in 3 segments'],
  [halfClose({ by: 'client' }), 'client half-closed, data came after it'],
  [halfClose({ by: 'server', dataAfter: false }), 'server half-closed'],
  [reset({ by: 'server' }), 'reset by the server'],
  [refused(), 'connection refused'],
  [states('client', 'FIN-WAIT-2', 'TIME-WAIT'), 'client FIN-WAIT-2 → TIME-WAIT in ss'],
  [nothingLeftOpen(), 'nothing left open'],
];

for (const [expectation, words] of WORDS) {
  test(`"${words}" is said of plain data`, (t) => {
    t.is(describeExpectation(expectation), words);
    t.deepEqual(structuredClone(expectation), expectation);
  });
}
