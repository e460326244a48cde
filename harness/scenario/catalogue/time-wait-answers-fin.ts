import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, ends, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'time-wait-answers-fin',
  title: 'What TIME-WAIT is for: the last ACK is lost, the FIN comes again',
  explanation:
    'The client’s acknowledgement of the server’s FIN is lost. The server, in LAST-ACK, sends its FIN again, and the ' +
    'client is still there in TIME-WAIT to answer it, and starts its 60 s anew (RFC 9293 §3.10.7.4). Without ' +
    'TIME-WAIT the FIN would meet no socket and be answered by a RST.',
  chapter: 'states',
  rank: 41,
  setting: { time: { retransmitAfterMs: 20 } },
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
        states: { client: 'TIME-WAIT', server: 'LAST-ACK' },
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [{ from: 'server', flags: 'FIN', times: 2 }],
        acknowledged: ['server'],
        states: closedAfter('client'),
      },
    },
  ],
  expectations: [
    handshake(),
    sends('server', 'FIN', { atLeast: 2 }),
    states('client', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    {
      what: 'the server resets where it should end',
      who: 'server',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
