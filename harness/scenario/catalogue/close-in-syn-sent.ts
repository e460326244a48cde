import { states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'close-in-syn-sent',
  title: 'destroy() in SYN-SENT: the socket is gone and nothing is sent',
  explanation:
    'The SYN is lost, and the program gives up before the handshake. In SYN-SENT a close deletes the connection and ' +
    'sends no segment at all (RFC 9293 §3.10.4): no FIN, no RST, and no second SYN. The server never hears of it.',
  chapter: 'states',
  rank: 6,
  server: 'half-open',
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'SYN' } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'client', flags: 'SYN' }],
        states: { client: 'SYN-SENT', server: 'CLOSED' },
      },
    },
    tells(
      'client',
      { verb: 'destroy' },
      { events: [{ side: 'client', name: 'close' }], states: { client: 'CLOSED', server: 'CLOSED' } },
    ),
  ],
  expectations: [
    states('client', 'SYN-SENT', 'CLOSED'),
    states('server', 'CLOSED'),
    sends('client', 'SYN', { times: 1 }),
    check('nothing but the SYN is on the wire', ['wire'], ({ connection }) =>
      connection?.segments.length === 1
        ? { met: 'one segment' }
        : { violated: `${connection?.segments.length ?? 0} segments` },
    ),
    emitted('client', 'close'),
    neverEmitted('client', 'connect'),
  ],
  mutants: [
    { what: 'the client does not destroy', who: 'client', instead: { destroy: 'nothing' } },
    { what: 'the network holds nothing', who: 'network', instead: { hold: 'nothing' } },
  ],
};
