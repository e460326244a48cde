import { nothingLeftOpen, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { passes } from '../checks.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'reset-in-simultaneous-open',
  title: 'A RST in SYN-RECEIVED after an active open: the connection is gone',
  explanation:
    'Two programs open simultaneously and wait in SYN-RECEIVED, their SYN,ACKs held. The kernel kills the client’s ' +
    'socket (ss -K), which sends a RST. The other end opened actively and has no LISTEN to go back to: it is CLOSED. RFC ' +
    '9293 §3.10.7.4 would have its program told “connection refused”; Linux says ECONNRESET, and ECONNREFUSED only in ' +
    'SYN-SENT.',
  chapter: 'states',
  rank: 13,
  setting: { time: { retransmitAfterMs: 20_000 } },
  server: { dials: 'half-close' },
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'SYN,ACK' } },
    { who: 'network', command: { verb: 'hold', from: 'server', flags: 'SYN,ACK' } },
    { who: 'network', command: { verb: 'keep', from: 'server', flags: 'SYN', as: 'SYN' } },
    { who: 'server', command: { verb: 'connect' }, until: { states: { server: 'SYN-SENT' } } },
    { who: 'client', command: { verb: 'connect' }, until: { states: { client: 'SYN-SENT' } } },
    {
      who: 'network',
      command: { verb: 'release', which: 'SYN' },
      until: {
        segments: [
          { from: 'client', flags: 'SYN,ACK' },
          { from: 'server', flags: 'SYN,ACK' },
        ],
        states: { client: 'SYN-RECEIVED', server: 'SYN-RECEIVED' },
      },
    },
    {
      who: 'client',
      command: { verb: 'killSocket' },
      until: {
        segments: [{ from: 'client', flags: 'RST' }],
        events: [{ side: 'server', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    },
  ],
  expectations: [
    states('server', 'SYN-SENT', 'SYN-RECEIVED', 'CLOSED'),
    passes('server', 'SYN-SENT', 'SYN-RECEIVED', 'CLOSED'),
    emitted('server', 'error', { code: 'ECONNRESET' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the socket is not killed', who: 'client', instead: { killSocket: 'nothing' } },
    { what: 'the SYNs do not cross', who: 'network', instead: { keep: 'nothing' } },
  ],
};
