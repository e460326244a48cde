import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'duplicated-fin',
  title: 'The network doubles a FIN, and it counts once',
  explanation:
    'The client sends one FIN and the network delivers two. A FIN takes one number of the sequence space (RFC 9293 ' +
    '§3.4), so the second is like an octet that came before: the server acknowledges what it has, one ACK for both or ' +
    'one for each, and changes nothing. Its program gets ‘end’ once. That is why SYN and FIN have numbers at all.',
  chapter: 'loss',
  rank: 60,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'duplicate', from: 'client', flags: 'FIN' } },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    sends('client', 'FIN', { times: 2 }),
    emitted('server', 'end', { times: 1 }),
    orderlyClose({ by: 'client' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network doubles nothing', who: 'network', instead: { duplicate: 'nothing' } },
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
