import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'lost-handshake-ack',
  title: 'The handshake’s last ACK is lost: open at one end, half open at the other',
  explanation:
    'The client’s ACK is lost. The client is ESTABLISHED and its program has its ‘connect’; the server is still in ' +
    'SYN-RECEIVED, and accept() returns nothing. An ACK is never sent again of its own accord: after a second the ' +
    'server repeats its SYN,ACK, and the client answers what it has already answered (RFC 9293 §3.10.7.4). A server ' +
    'that speaks first would be late by that second.',
  chapter: 'loss',
  rank: 30,
  server: 'half-open',
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'ACK' } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'client', flags: 'ACK' }],
        events: [{ side: 'client', name: 'connect' }],
        states: { client: 'ESTABLISHED', server: 'SYN-RECEIVED' },
      },
    },
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [
          { from: 'server', flags: 'SYN,ACK', times: 2 },
          { from: 'client', flags: 'ACK', times: 2 },
        ],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    sends('server', 'SYN,ACK', { atLeast: 2 }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'SYN-RECEIVED', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    passes('server', 'SYN-RECEIVED', 'ESTABLISHED', 'CLOSE-WAIT'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
