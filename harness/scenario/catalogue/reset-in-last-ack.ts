import { handshake, nothingLeftOpen, reset, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, resets, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reset-in-last-ack',
  title: 'A RST in LAST-ACK',
  explanation:
    'The server has ended too, but its FIN is lost, so that it waits in LAST-ACK. The client, still in FIN-WAIT-2, ' +
    'resets: the RST takes the place of the acknowledgement that LAST-ACK was waiting for.',
  chapter: 'states',
  rank: 33,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    { who: 'network', command: { verb: 'hold', from: 'server', flags: 'FIN' } },
    tells(
      'server',
      { verb: 'end' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        states: { client: 'FIN-WAIT-2', server: 'LAST-ACK' },
      },
    ),
    resets('client'),
  ],
  expectations: [
    handshake(),
    reset({ by: 'client', receiverIn: 'LAST-ACK' }),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the client does not reset', who: 'client', instead: { resetAndDestroy: 'nothing' } },
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
  ],
};
