import { states } from '../../expect/expectation.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'close-in-syn-received',
  title: 'destroy() in SYN-RECEIVED: a FIN before the handshake is over',
  explanation:
    'A server’s program cannot close in SYN-RECEIVED: it has no socket before the handshake is over. A client that ' +
    'opens simultaneously can. The SYN,ACKs are held, both ends wait in SYN-RECEIVED, and the program gives up: the ' +
    'kernel goes to FIN-WAIT-1 and sends a FIN (RFC 9293 §3.10.4), as an established connection would.',
  chapter: 'states',
  rank: 12,
  setting: { time: { retransmitAfterMs: 20_000 } },
  server: { dials: 'half-close' },
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'SYN,ACK' } },
    { who: 'network', command: { verb: 'hold', from: 'server', flags: 'ACK' } },
    { who: 'network', command: { verb: 'keep', from: 'server', flags: 'SYN', as: 'SYN' } },
    { who: 'server', command: { verb: 'connect' }, until: { states: { server: 'SYN-SENT' } } },
    // From here on time counts: after a second Linux sends the SYN again, and then no FIN before it is acknowledged.
    { who: 'client', command: { verb: 'connect' }, until: { segments: [{ from: 'client', flags: 'SYN' }] } },
    {
      who: 'network',
      command: { verb: 'release', which: 'SYN' },
      until: {
        segments: [
          { from: 'client', flags: 'SYN,ACK' },
          { from: 'server', flags: 'SYN,ACK' },
        ],
        states: { client: 'SYN-RECEIVED' },
      },
    },
    tells(
      'client',
      { verb: 'destroy' },
      { segments: [{ from: 'client', flags: 'FIN' }], states: { client: 'FIN-WAIT-1' } },
    ),
  ],
  expectations: [
    states('client', 'SYN-RECEIVED', 'FIN-WAIT-1'),
    passes('client', 'SYN-SENT', 'SYN-RECEIVED', 'FIN-WAIT-1'),
    sends('client', 'FIN', { atLeast: 1 }),
  ],
  mutants: [{ what: 'the client does not destroy', who: 'client', instead: { destroy: 'nothing' } }],
};
