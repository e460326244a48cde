import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { passes } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'in-slow-motion',
  title: 'Handshake and close in slow motion: every state held still',
  explanation:
    'The network keeps each acknowledgement back until ss has shown the state that waits for it: SYN-RECEIVED, ' +
    'FIN-WAIT-1, LAST-ACK. Nothing is lost and nothing is sent twice; what otherwise passes in microseconds stands ' +
    'still as long as one likes.',
  chapter: 'states',
  rank: 1,
  setting: { time: { retransmitAfterMs: 20_000 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    {
      who: 'network',
      command: { verb: 'keep', from: 'client', flags: 'ACK' },
    },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'server', flags: 'SYN,ACK' }],
        states: { client: 'ESTABLISHED', server: 'SYN-RECEIVED' },
      },
    },
    {
      who: 'network',
      command: { verb: 'release' },
      until: { acknowledged: ['client', 'server'], states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } },
    },
    {
      who: 'network',
      command: { verb: 'keep', from: 'server', flags: 'ACK', without: 'FIN' },
    },
    tells(
      'client',
      { verb: 'end' },
      {
        segments: [{ from: 'client', flags: 'FIN' }],
        states: { client: 'FIN-WAIT-1', server: 'CLOSE-WAIT' },
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: { acknowledged: ['client'], states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } },
    },
    {
      who: 'network',
      command: { verb: 'keep', from: 'client', flags: 'ACK' },
    },
    tells(
      'server',
      { verb: 'end' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        states: { client: 'TIME-WAIT', server: 'LAST-ACK' },
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: { acknowledged: ['server'], states: closedAfter('client') },
    },
  ],
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'SYN-RECEIVED', 'ESTABLISHED', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    passes('server', 'LISTEN', 'SYN-RECEIVED', 'ESTABLISHED', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    orderlyClose({ by: 'client', segments: 4 }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network keeps nothing back', who: 'network', instead: { keep: 'nothing' } },
    { what: 'the server never ends', who: 'server', instead: { end: 'nothing' } },
  ],
};
