import { handshake, nothingLeftOpen, reset, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, resets } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reset-in-close-wait',
  title: 'A RST in CLOSE-WAIT',
  explanation:
    'The client half-closes, then thinks better of it and resets. The server, in CLOSE-WAIT with its own direction ' +
    'still open, loses the connection at once: whatever it had still to say is thrown away.',
  chapter: 'states',
  rank: 32,
  server: 'half-open',
  client: 'half-close',
  steps: [connects, ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }), resets('client')],
  expectations: [
    handshake(),
    reset({ by: 'client', receiverIn: 'CLOSE-WAIT' }),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [{ what: 'the client does not reset', who: 'client', instead: { resetAndDestroy: 'nothing' } }],
};
