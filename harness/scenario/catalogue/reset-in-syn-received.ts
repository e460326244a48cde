import { nothingLeftOpen, states } from '../../expect/expectation.ts';
import { passes } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { resets } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reset-in-syn-received',
  title: 'A RST in SYN-RECEIVED: back to LISTEN, the server’s program knows nothing',
  explanation:
    'The client’s last ACK of the handshake is kept back, and the client resets: the server gets the RST in ' +
    'SYN-RECEIVED. Having opened passively it goes back to LISTEN (RFC 9293 §3.10.7.4); its program is never told of ' +
    'a connection that nobody could accept.',
  chapter: 'states',
  rank: 8,
  server: 'half-open',
  client: 'reset',
  steps: [
    {
      who: 'network',
      command: { verb: 'keep', from: 'client', flags: 'ACK', without: 'RST' },
    },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'server', flags: 'SYN,ACK' }],
        events: [{ side: 'client', name: 'connect' }],
        states: { client: 'ESTABLISHED', server: 'SYN-RECEIVED' },
      },
    },
    resets('client'),
  ],
  expectations: [
    states('server', 'SYN-RECEIVED', 'CLOSED'),
    passes('server', 'LISTEN', 'SYN-RECEIVED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network keeps nothing back', who: 'network', instead: { keep: 'nothing' } },
    {
      what: 'the client destroys where it should reset',
      who: 'client',
      instead: { resetAndDestroy: { verb: 'destroy' } },
    },
  ],
};
