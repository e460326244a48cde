import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'handshake-and-close-by-client',
  title: 'Handshake, then a close that the client begins',
  explanation:
    'The client connects and ends at once; the server ends when it is told. The client closed first, so it is the ' +
    'one that waits in TIME-WAIT (60 s on Linux) to answer a FIN that may have to be sent again; the server’s ' +
    'socket is gone with the last ACK.',
  chapter: 'close',
  rank: 1,
  server: 'half-open',
  client: 'half-close',
  steps: [connects, ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }), endsLast('server')],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
    {
      what: 'the server resets where it should end',
      who: 'server',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
    { what: 'the server never ends', who: 'server', instead: { end: 'nothing' } },
  ],
};
