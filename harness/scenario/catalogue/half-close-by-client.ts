import { halfClose, handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'half-close-by-client',
  title: 'Half-close: the client has no more to send, the server still has',
  explanation:
    'The client end()s at once: its FIN says “no more from me”, not “go away”. The server, with ' +
    'allowHalfOpen, stays in CLOSE-WAIT, sends its late reply, and only then its own FIN. The client waits in ' +
    'FIN-WAIT-2 and still reads.',
  chapter: 'half-close',
  rank: 1,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    writes('server', 'late reply\n'),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    halfClose({ by: 'client' }),
    orderlyClose({ by: 'client' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the client destroys where it should end', who: 'client', instead: { end: { verb: 'destroy' } } },
    { what: 'the server ends without its late reply', who: 'server', instead: { write: { verb: 'end' } } },
    { what: 'the server lets Node end its side', who: 'server', server: 'auto-end' },
  ],
};
