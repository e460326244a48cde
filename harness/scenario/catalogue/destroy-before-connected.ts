import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter } from '../steps.ts';

export const scenario: Scenario = {
  name: 'destroy-before-connected',
  title: 'destroy() before ‘connect’: the kernel was connected all the same',
  explanation:
    'The client destroys its socket one tick after net.connect(), when Node has just called connect(2), and never gets ' +
    '‘connect’. But on this loopback the whole handshake is over before connect(2) returns: the close is one of an ' +
    'established connection, a FIN, and the server’s program gets a client that says nothing and goes. Farther away, with ' +
    'the SYN still on its way, the same call sends nothing (close-in-syn-sent), and a SYN,ACK that comes later is answered ' +
    'by a RST (abort-connect). In the same tick as net.connect(), there would be no SYN yet, and nothing at all on the wire.',
  chapter: 'open',
  rank: 22,
  server: 'auto-end',
  client: 'gives-up-early',
  steps: [
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        events: [
          { side: 'client', name: 'close' },
          { side: 'server', name: 'close' },
        ],
        states: closedAfter('client'),
      },
    },
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    neverEmitted('client', 'connect'),
    neverEmitted('client', 'error'),
    emitted('client', 'close'),
    emitted('server', 'end'),
    states('client', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the client does not destroy', who: 'client', client: 'half-close' },
    { what: 'nobody listens', who: 'server', server: 'nobody' },
  ],
};
