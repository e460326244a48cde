import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'write-after-peer-fin',
  title: 'write() after the peer’s FIN, without allowHalfOpen: the last moment is the ‘end’ handler',
  explanation:
    'The client sends a request and end()s, as one does who has nothing more to say. The server was made with allowHalfOpen: ' +
    'false, the default, and writes twice. In its ‘end’ handler a write() still goes out: CLOSE-WAIT is there for that, and ' +
    'Node calls end() for the server only when the handlers have returned. Whatever comes later, after an await or a query, ' +
    'meets another write(), which Node has put in place: it fails with EPIPE, “This socket has been ended by the other ' +
    'party”, without asking the kernel, and destroys the socket. No RST, nothing on the wire. An EPIPE of the kernel looks ' +
    'the same to the program, but a RST comes before it (write-after-peer-destroy). Node 20 to 26 do the same.',
  chapter: 'half-close',
  rank: 4,
  server: 'replies-on-end',
  client: 'half-close',
  steps: [
    connects,
    { who: 'server', command: { verb: 'act', what: 'replyOnEnd' } },
    tells(
      'client',
      { verb: 'end', data: 'request\n' },
      {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        events: [
          { side: 'server', name: 'close' },
          { side: 'client', name: 'end' },
        ],
        states: closedAfter('client'),
      },
    ),
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    sends('server', 'RST', { times: 0 }),
    emitted('server', 'end'),
    emitted('server', 'error', { code: 'EPIPE' }),
    check('the first reply is on the wire, and nothing of the second', ['wire'], ({ connection }) => {
      const bytes = connection?.summary.payloadBytes.server;
      const found = `the server sent ${bytes ?? 'no'} bytes`;
      return bytes === 'just in time\n'.length ? { met: found } : { violated: found };
    }),
    states('client', 'ESTABLISHED', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the server has allowHalfOpen',
      who: 'server',
      server: { behaviour: 'replies-on-end', options: { allowHalfOpen: true } },
    },
    { what: 'the server does not reply at all', who: 'server', instead: { act: 'nothing' } },
  ],
};
