import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'handshake-and-close-by-server',
  title: 'Handshake, then a close that the server begins',
  explanation:
    'The same close with the roles turned round: the server ends first and TIME-WAIT stays with it. A server that ' +
    'closes first gathers one TIME-WAIT socket for each connection of the last 60 s.',
  chapter: 'close',
  rank: 2,
  server: 'half-open',
  client: 'half-close',
  steps: [connects, ends('server', { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' }), endsLast('client')],
  expectations: [
    handshake(),
    orderlyClose({ by: 'server' }),
    states('client', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the server resets where it should end',
      who: 'server',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
    { what: 'the client never ends', who: 'client', instead: { end: 'nothing' } },
  ],
};
