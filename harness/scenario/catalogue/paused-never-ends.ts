import { handshake, states } from '../../expect/expectation.ts';
import { emitted, leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'paused-never-ends',
  title: 'A socket that nobody reads never gets ‘end’: CLOSE-WAIT for good',
  explanation:
    'The server was made with pauseOnConnect and never resumes. The client sends a request and its FIN; both are ' +
    'acknowledged by the kernel and lie in its receive queue, where ss shows them: eight octets, and one more for the ' +
    'FIN. Node does not read, so there is no ‘data’, no ‘end’, no auto-end although allowHalfOpen is false, and no ‘close’. ' +
    'The server stays in CLOSE-WAIT and the client in FIN-WAIT-2 until somebody reads, or destroys. Sockets that pile up ' +
    'in CLOSE-WAIT are always of a program that does not read, or does not end.',
  chapter: 'reading',
  rank: 20,
  server: { behaviour: 'never-reads', options: { allowHalfOpen: false } },
  client: 'half-close',
  steps: [
    connects,
    tells(
      'client',
      { verb: 'end', data: 'request\n' },
      {
        segments: [{ from: 'client', flags: 'FIN' }],
        acknowledged: ['client'],
        events: [{ side: 'client', name: 'finish' }],
        states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' },
      },
    ),
  ],
  expectations: [
    handshake(),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT'),
    leftIn('server', 'CLOSE-WAIT'),
    leftIn('client', 'FIN-WAIT-2'),
    check('the request and the FIN wait unread', ['kernel'], ({ connection }) => {
      const last = connection?.observedStates.findLast(({ side }) => side === 'server');
      const waiting = last?.receiveQueue;
      if (waiting === undefined) return { undetermined: 'ss did not show the server’s socket' };
      return waiting === 9 ? { met: 'Recv-Q 9' } : { violated: `Recv-Q ${waiting}` };
    }),
    emitted('client', 'finish'),
    neverEmitted('server', 'data'),
    neverEmitted('server', 'end'),
    neverEmitted('server', 'close'),
  ],
  mutants: [
    {
      what: 'the server reads, and Node ends its side',
      who: 'server',
      server: 'auto-end',
    },
    { what: 'the server reads, and leaves its side open', who: 'server', server: 'half-open' },
  ],
};
