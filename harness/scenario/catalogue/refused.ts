import { nothingLeftOpen, refused, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'refused',
  title: 'Nobody listens: the connection is refused',
  explanation:
    'A SYN to a port without a listener is answered by a RST that acknowledges it (RFC 9293 §3.10.7.1). The ' +
    'client’s connect() fails with ECONNREFUSED; no socket remains on either side.',
  chapter: 'open',
  rank: 10,
  server: 'nobody',
  client: 'refused',
  steps: [
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'server', flags: 'RST' }],
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    },
  ],
  expectations: [
    refused(),
    emitted('client', 'error', { code: 'ECONNREFUSED' }),
    states('client', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [{ what: 'a server listens after all', who: 'server', server: 'auto-end' }],
};
