import { handshake, nothingLeftOpen, orderlyClose } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { reads } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells } from '../steps.ts';

const OCTETS = 512 * 1024;

export const scenario: Scenario = {
  name: 'destroy-soon',
  title: 'destroySoon(): all that is queued, a FIN, and then destroy()',
  explanation:
    'The client writes 512 KiB to a server that does not read yet, more than the kernel takes here (its buffers are small in ' +
    'this lab): the rest waits in Node’s own queue. destroySoon() is end(), and destroy() on ‘finish’: nothing is lost, the ' +
    'FIN comes last, and then the socket is closed without waiting for the server’s FIN, so ‘end’ never comes. destroy() in ' +
    'its place would throw away what Node still has, and the server would get a clean end in the middle of the data. ' +
    'bytesWritten counts those octets all the same. http.Server uses destroySoon() behind its last response.',
  chapter: 'close',
  rank: 20,
  setting: { sysctls: { 'net.ipv4.tcp_wmem': '4096 16384 65536', 'net.ipv4.tcp_rmem': '4096 32768 65536' } },
  server: { behaviour: 'never-reads', options: { allowHalfOpen: false } },
  client: 'never-ends',
  steps: [
    connects,
    tells(
      'client',
      { verb: 'write', data: 'x'.repeat(OCTETS) },
      {
        segments: [{ from: 'client', minPayloadBytes: 1 }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    ),
    tells('client', { verb: 'destroySoon' }, { states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } }),
    tells(
      'server',
      { verb: 'resume' },
      {
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
    ),
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    reads('server', OCTETS),
    emitted('client', 'finish'),
    neverEmitted('client', 'end'),
    emitted('server', 'end'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the client destroys at once',
      who: 'client',
      instead: { destroySoon: { verb: 'destroy' } },
    },
    { what: 'the client only ends', who: 'client', instead: { destroySoon: { verb: 'end' } } },
    { what: 'the client does nothing', who: 'client', instead: { destroySoon: 'nothing' } },
  ],
};
