import { handshake, nothingLeftOpen, reset, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { connects, resets, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reset-in-closing',
  title: 'A RST in CLOSING',
  explanation:
    'Both ends have sent a FIN, and the server’s is lost: with the client’s FIN it is in CLOSING, waiting for the ' +
    'acknowledgement of its own. The client, which never got that FIN, resets, and CLOSING ends without TIME-WAIT.',
  chapter: 'states',
  rank: 34,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'hold', from: 'server', flags: 'FIN' } },
    tells(
      'server',
      { verb: 'end' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        states: { client: 'ESTABLISHED', server: 'FIN-WAIT-1' },
      },
    ),
    tells(
      'client',
      { verb: 'end' },
      { segments: [{ from: 'client', flags: 'FIN' }], states: { server: 'CLOSING' } },
    ),
    resets('client'),
  ],
  expectations: [
    handshake(),
    reset({ by: 'client', receiverIn: 'CLOSING' }),
    states('server', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSING', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the client does not reset', who: 'client', instead: { resetAndDestroy: 'nothing' } },
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
  ],
};
