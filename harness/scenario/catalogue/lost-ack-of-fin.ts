import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { neverEmitted } from '../../expect/program-expectations.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, endsLast, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'lost-ack-of-fin',
  title: 'The ACK of a FIN is lost: the FIN comes twice, ‘end’ once',
  explanation:
    'The server has the client’s FIN and is in CLOSE-WAIT, but its acknowledgement is lost, and the client still waits ' +
    'in FIN-WAIT-1. It sends its FIN again; the server, to which that number is nothing new, acknowledges it once ' +
    'more and stays where it is (RFC 9293 §3.10.7.4). Its program got ‘end’ with the first FIN and hears nothing of ' +
    'the second.',
  chapter: 'loss',
  rank: 41,
  setting: { time: { retransmitAfterMs: 20, retransmitAfterAtMostMs: 1000 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'hold', from: 'server', flags: 'ACK' } },
    tells(
      'client',
      { verb: 'end' },
      {
        // The ACK may be 40 ms late; it must have been sent, and lost, before the network lets others through.
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'ACK', times: 2 },
        ],
        events: [{ side: 'server', name: 'end' }],
        states: { client: 'FIN-WAIT-1', server: 'CLOSE-WAIT' },
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [
          { from: 'client', flags: 'FIN', times: 2 },
          { from: 'server', flags: 'ACK', times: 3 },
        ],
        states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' },
      },
    },
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    sends('client', 'FIN', { atLeast: 2 }),
    passes('client', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('client', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    neverEmitted('server', 'error'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'the client does not end', who: 'client', instead: { end: 'nothing' } },
  ],
};
