import { handshake, nothingLeftOpen, reset, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { connects, resets, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reset-in-fin-wait-1',
  title: 'A RST in FIN-WAIT-1',
  explanation:
    'The client’s FIN is lost again and again, so that it waits in FIN-WAIT-1. The server’s program, which knows of no ' +
    'close, resets the connection: a RST ends every synchronized state at once (RFC 9293 §3.10.7.4), and the client ' +
    'keeps no TIME-WAIT.',
  chapter: 'states',
  rank: 30,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'FIN' } },
    tells(
      'client',
      { verb: 'end' },
      {
        segments: [{ from: 'client', flags: 'FIN' }],
        states: { client: 'FIN-WAIT-1', server: 'ESTABLISHED' },
      },
    ),
    resets('server', { told: true }),
  ],
  expectations: [
    handshake(),
    reset({ by: 'server', receiverIn: 'FIN-WAIT-1' }),
    emitted('client', 'error', { code: 'ECONNRESET' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server does not reset', who: 'server', instead: { resetAndDestroy: 'nothing' } },
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
  ],
};
