import { handshake, nothingLeftOpen, reset, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, resets } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reset-in-fin-wait-2',
  title: 'A RST in FIN-WAIT-2',
  explanation:
    'The client has half-closed and waits in FIN-WAIT-2 for the server’s FIN. The server resets instead: the client is ' +
    'CLOSED at once, without TIME-WAIT, and its program, which may still have been reading, gets ECONNRESET.',
  chapter: 'states',
  rank: 31,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    resets('server', { told: true }),
  ],
  expectations: [
    handshake(),
    reset({ by: 'server', receiverIn: 'FIN-WAIT-2' }),
    emitted('client', 'error', { code: 'ECONNRESET' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [{ what: 'the server does not reset', who: 'server', instead: { resetAndDestroy: 'nothing' } }],
};
