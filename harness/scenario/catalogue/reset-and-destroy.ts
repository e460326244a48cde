import { handshake, nothingLeftOpen, reset, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { connects, resets } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reset-and-destroy',
  title: 'resetAndDestroy() sends a RST',
  explanation:
    'resetAndDestroy() sets SO_LINGER to zero and closes: a RST, no FIN, no TIME-WAIT on either side. Whatever was ' +
    'still queued is thrown away, and the server’s program gets ECONNRESET.',
  chapter: 'reset',
  rank: 3,
  server: 'half-open',
  client: 'reset',
  steps: [connects, resets('client', { told: true })],
  expectations: [
    handshake(),
    reset({ by: 'client', because: 'resetAndDestroy' }),
    emitted('server', 'error', { code: 'ECONNRESET' }),
    states('client', 'ESTABLISHED', 'CLOSED'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the client destroys where it should reset',
      who: 'client',
      instead: { resetAndDestroy: { verb: 'destroy' } },
    },
    {
      what: 'the client ends where it should reset',
      who: 'client',
      instead: { resetAndDestroy: { verb: 'end' } },
    },
  ],
};
