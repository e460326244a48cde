import { handshake, orderlyClose, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'time-wait-killed',
  title: 'TIME-WAIT taken away by ss -K, before its time',
  explanation:
    'TIME-WAIT lasts 60 s on Linux, and no setting shortens it. An administrator can take it away, with ss -K: no ' +
    'segment is sent, and a FIN that comes again from then on meets no socket. The scenario time-wait-ends waits the ' +
    '60 s instead.',
  chapter: 'states',
  rank: 42,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
    {
      who: 'client',
      command: { verb: 'killSocket' },
      until: { states: { client: 'CLOSED', server: 'CLOSED' } },
    },
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    states('client', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED'),
  ],
  mutants: [{ what: 'the socket is not killed', who: 'client', instead: { killSocket: 'nothing' } }],
};
