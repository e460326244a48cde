import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'lost-syn-ack',
  title: 'A lost SYN,ACK: both ends would send again',
  explanation:
    'The server’s SYN,ACK is lost. The client does not know whether its SYN arrived and waits in SYN-SENT; the server ' +
    'waits in SYN-RECEIVED, and its program has not heard of anybody yet. Both ends have a timer of one second ' +
    '(RFC 6298 §2), so the SYN,ACK comes again either way: by the server’s own timer, or in answer to the SYN that ' +
    'the client repeats. Connecting took a second longer, and nobody was told why.',
  chapter: 'loss',
  rank: 20,
  server: 'half-open',
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'server', flags: 'SYN,ACK' } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'server', flags: 'SYN,ACK' }],
        states: { client: 'SYN-SENT', server: 'SYN-RECEIVED' },
      },
    },
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [{ from: 'server', flags: 'SYN,ACK', times: 2 }],
        acknowledged: ['client', 'server'],
        events: [{ side: 'client', name: 'connect' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    sends('server', 'SYN,ACK', { atLeast: 2 }),
    states('client', 'SYN-SENT', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'SYN-RECEIVED', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'nobody listens', who: 'server', server: 'nobody' },
  ],
};
