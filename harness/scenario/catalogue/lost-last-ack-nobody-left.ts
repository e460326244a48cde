import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { neverEmitted } from '../../expect/program-expectations.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'lost-last-ack-nobody-left',
  title: 'The last ACK is lost, and no TIME-WAIT is left to send it again',
  explanation:
    'As in time-wait-answers-fin the client’s acknowledgement of the server’s FIN is lost. Here the client’s TIME-WAIT ' +
    'is taken away (ss -K; a host that restarts forgets it as well). The FIN that comes again meets no socket, the ' +
    'client’s kernel answers with a RST, and the server’s LAST-ACK ends as if something had gone wrong. The program ' +
    'hears nothing of it: its socket was closed when the FIN had been sent. This is what TIME-WAIT is there to prevent.',
  chapter: 'loss',
  rank: 51,
  setting: { time: { retransmitAfterMs: 20, retransmitAfterAtMostMs: 1000, orphanRetries: 30 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'ACK' } },
    tells(
      'server',
      { verb: 'end' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        events: [{ side: 'server', name: 'close' }],
        states: { client: 'TIME-WAIT', server: 'LAST-ACK' },
      },
    ),
    {
      who: 'client',
      command: { verb: 'killSocket' },
      until: { states: { client: 'CLOSED', server: 'CLOSED' } },
    },
  ],
  expectations: [
    handshake(),
    sends('server', 'FIN', { atLeast: 2 }),
    sends('client', 'RST', { atLeast: 1 }),
    states('client', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED'),
    states('server', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    passes('server', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    neverEmitted('server', 'error'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'TIME-WAIT stays', who: 'client', instead: { killSocket: 'nothing' } },
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
  ],
};
