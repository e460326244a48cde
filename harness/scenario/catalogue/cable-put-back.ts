import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'cable-put-back',
  title: 'A cable pulled and put back: the connection outlives it',
  explanation:
    'The server’s cable is pulled, the client writes, and its kernel sends the octets again and again. Then the cable ' +
    'is put back, the next retransmission arrives, and all goes on: a connection is nothing but what its two ends ' +
    'remember, and neither end was asked. No program hears of the outage. It only costs time: the wait doubles with ' +
    'each retransmission (RFC 6298 §5.5), so the data may come long after the cable.',
  chapter: 'time',
  rank: 41,
  setting: { hosts: 2, time: { retransmitAfterMs: 20, retransmitAfterAtMostMs: 1000 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'unplug', host: 'server' } },
    tells(
      'client',
      { verb: 'write', data: 'late, but whole\n' },
      {
        segments: [{ from: 'client', minPayloadBytes: 1, times: 3 }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        acknowledged: ['client'],
        events: [{ side: 'server', name: 'data' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    sends('client', 'PSH', { atLeast: 3 }),
    emitted('server', 'data'),
    neverEmitted('client', 'error'),
    neverEmitted('server', 'error'),
    orderlyClose({ by: 'client' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the cable stays', who: 'network', instead: { unplug: 'nothing', release: 'nothing' } },
    { what: 'the cable is not put back', who: 'network', instead: { release: 'nothing' } },
  ],
};
