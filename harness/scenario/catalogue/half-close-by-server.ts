import { halfClose, handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'half-close-by-server',
  title: 'Half-close: the server is done, the client still sends',
  explanation:
    'The server end()s first. The client, opened with allowHalfOpen, goes on sending in CLOSE-WAIT ' +
    'and ends later. The server, having closed first, keeps TIME-WAIT.',
  chapter: 'half-close',
  rank: 2,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    ends('server', { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' }),
    writes('client', 'late upload\n'),
    endsLast('client'),
  ],
  expectations: [
    handshake(),
    halfClose({ by: 'server' }),
    orderlyClose({ by: 'server' }),
    states('client', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server destroys where it should end', who: 'server', instead: { end: { verb: 'destroy' } } },
    { what: 'the client ends without its late upload', who: 'client', instead: { write: { verb: 'end' } } },
  ],
};
