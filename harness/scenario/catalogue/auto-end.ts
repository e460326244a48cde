import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { endIsCalledBy } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, ends } from '../steps.ts';

export const scenario: Scenario = {
  name: 'auto-end',
  title: 'Auto-end: Node ends the side that was not told to',
  explanation:
    'The client writes a goodbye and ends. The server was made with allowHalfOpen: false, the default, so Node ends ' +
    'its side as soon as it has read the FIN. Where the kernel still holds the acknowledgement back by then (a delayed ' +
    'ACK), it rides on the server’s FIN: three segments in place of four, and both are legal.',
  chapter: 'half-close',
  rank: 3,
  server: 'auto-end',
  client: 'half-close',
  steps: [connects, ends('client', closedAfter('client'), 'goodbye\n')],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    endIsCalledBy('client', 'program'),
    endIsCalledBy('server', 'node'),
    states('client', 'ESTABLISHED', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
    { what: 'the server does not end by itself', who: 'server', server: 'never-ends' },
  ],
};
