import { nothingLeftOpen, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'refused-in-syn-sent',
  title: 'A RST ends SYN-SENT: refused after a lost SYN',
  explanation:
    'Nobody listens, and the first SYN is lost, so that SYN-SENT can be seen. The second, a second later, meets a RST ' +
    'that acknowledges it: only such a one counts in SYN-SENT (RFC 9293 §3.10.7.3), or anybody could end a connection ' +
    'attempt without having seen it.',
  chapter: 'states',
  rank: 7,
  server: 'nobody',
  client: 'refused',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'SYN' } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: { segments: [{ from: 'client', flags: 'SYN' }], states: { client: 'SYN-SENT' } },
    },
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [{ from: 'server', flags: 'RST' }],
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED' },
      },
    },
  ],
  expectations: [
    states('client', 'SYN-SENT', 'CLOSED'),
    passes('client', 'SYN-SENT', 'CLOSED'),
    sends('server', 'RST,ACK', { times: 1 }),
    emitted('client', 'error', { code: 'ECONNREFUSED' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'a server listens after all', who: 'server', server: 'auto-end' },
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
  ],
};
