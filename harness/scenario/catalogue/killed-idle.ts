import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { connectsAccepted, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'killed-idle',
  title: 'A process killed while idle: the kernel says goodbye for it',
  explanation:
    'SIGKILL ends the server’s program at once; none of its JavaScript runs any more. Its socket has nothing unread, ' +
    'so the kernel closes it as close(2) would: with a FIN. To the client a crash looks like an orderly end(): it ' +
    'gets ‘end’ and no error. A protocol must carry its own goodbye if it is to tell the two apart. TIME-WAIT stays ' +
    'on the server’s side, without any process.',
  chapter: 'process',
  rank: 10,
  server: { behaviour: 'never-ends', peer: 'victim' },
  client: 'half-close',
  steps: [
    // Of a connection that is not accepted yet the dying listener makes a RST.
    connectsAccepted,
    {
      who: 'server',
      command: { verb: 'kill' },
      until: {
        segments: [{ from: 'server', flags: 'FIN' }],
        acknowledged: ['server'],
        events: [{ side: 'client', name: 'end' }],
        states: { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' },
      },
    },
    endsLast('client'),
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'server' }),
    emitted('client', 'end'),
    neverEmitted('client', 'error'),
    states('client', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server is not killed', who: 'server', instead: { kill: 'nothing' } },
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
