import { handshake, nothingLeftOpen, reset } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { connectsAccepted, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'killed-with-unread-data',
  title: 'A process killed with unread data: the kernel sends a RST',
  explanation:
    'SIGKILL leaves a program no time to close anything; the kernel closes its sockets. One with octets that nobody ' +
    'read is closed by a RST, as destroy() would have done it (RFC 1122 §4.2.2.13): the client gets ECONNRESET.',
  chapter: 'process',
  rank: 20,
  server: { behaviour: 'never-reads', peer: 'victim' },
  client: 'never-ends',
  steps: [
    // Of a connection that is not accepted yet the dying listener makes a RST, too.
    connectsAccepted,
    tells(
      'client',
      { verb: 'write', data: 'never read\n' },
      { segments: [{ from: 'client', minPayloadBytes: 1 }], acknowledged: ['client'] },
    ),
    {
      who: 'server',
      command: { verb: 'kill' },
      until: {
        segments: [{ from: 'server', flags: 'RST' }],
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    },
  ],
  expectations: [
    handshake(),
    reset({ by: 'server' }),
    emitted('client', 'error', { code: 'ECONNRESET' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the client writes nothing', who: 'client', instead: { write: 'nothing' } },
    { what: 'the server is not killed', who: 'server', instead: { kill: 'nothing' } },
  ],
};
