import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'destroy-idle',
  title: 'destroy() on an idle socket sends a FIN',
  explanation:
    'With nothing unread, destroy() is a close(2) that sends a FIN, like end(). The difference is what it leaves ' +
    'behind: no process holds the client’s socket any more, so data from the server would be answered by a RST. Here ' +
    'the server has none to send: Node ends its side and the close is orderly.',
  chapter: 'reset',
  rank: 1,
  server: 'auto-end',
  client: 'destroy',
  steps: [
    connects,
    tells(
      'client',
      { verb: 'destroy' },
      {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        states: closedAfter('client'),
      },
    ),
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    states('client', 'ESTABLISHED', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the client resets where it should destroy',
      who: 'client',
      instead: { destroy: { verb: 'resetAndDestroy' } },
    },
    { what: 'the client does nothing', who: 'client', instead: { destroy: 'nothing' } },
  ],
};
