import { handshake } from '../../expect/expectation.ts';
import { emitted, leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'host-vanishes',
  title: 'The client’s host vanishes with data on the way',
  explanation:
    'The client’s cable is pulled. The server writes, and nobody answers: its kernel sends the data again and again, ' +
    'waiting longer each time, and at last gives up with ETIMEDOUT. No FIN, no RST; the client’s program knows nothing ' +
    'of it at all. By Linux’s own fifteen retries this takes about fifteen minutes. Here net.ipv4.tcp_retries2 is 2, which ' +
    'the kernel takes for a time, two retries that double from 200 ms; with a first one after 10 ms more go into it.',
  chapter: 'time',
  rank: 40,
  setting: { hosts: 2, time: { retransmitAfterMs: 10, retries: 2 } },
  server: 'half-open',
  client: 'never-ends',
  steps: [
    connects,
    { who: 'network', command: { verb: 'unplug', host: 'client' } },
    tells(
      'server',
      { verb: 'write', data: 'is anybody there?\n' },
      { events: [{ side: 'server', name: 'close' }], states: { client: 'ESTABLISHED', server: 'CLOSED' } },
    ),
  ],
  expectations: [
    handshake(),
    sends('server', 'PSH', { atLeast: 3 }),
    emitted('server', 'error', { code: 'ETIMEDOUT' }),
    neverEmitted('client', 'close'),
    leftIn('client', 'ESTABLISHED'),
  ],
  mutants: [{ what: 'the cable stays', who: 'network', instead: { unplug: 'nothing' } }],
};
