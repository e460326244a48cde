import { handshake, states } from '../../expect/expectation.ts';
import { retransmitted } from '../../expect/segment-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'syn-sent',
  title: 'SYN-SENT held still: the first SYN is lost',
  explanation:
    'The network loses the first SYN. The client waits in SYN-SENT, its program in connect(), until the kernel sends ' +
    'the SYN again after one second (RFC 6298 §2: nothing is known of the round trip yet). Then all goes its usual way.',
  chapter: 'states',
  rank: 5,
  server: 'half-open',
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'SYN' } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'client', flags: 'SYN' }],
        states: { client: 'SYN-SENT', server: 'CLOSED' },
      },
    },
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [{ from: 'server', flags: 'SYN,ACK' }],
        acknowledged: ['client', 'server'],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    retransmitted('client > server SYN'),
    states('client', 'SYN-SENT', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'nobody listens', who: 'server', server: 'nobody' },
  ],
};
