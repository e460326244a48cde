import { orderlyClose, states } from '../../expect/expectation.ts';
import { simultaneousOpen } from '../../expect/flow-expectations.ts';
import { flagsText } from '../../model/segment.ts';
import { check } from '../check.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'simultaneous-open',
  title: 'Simultaneous open: two clients, no server',
  explanation:
    'Each of two programs binds a port and connects to the other’s. The network keeps the second program’s SYN back ' +
    'until the first has sent its own, so that they cross: each end goes from SYN-SENT to SYN-RECEIVED, answers with a ' +
    'SYN,ACK, and both are established, after four segments and without any listener (RFC 9293 §3.5, Figure 7).',
  chapter: 'states',
  rank: 10,
  setting: { time: { retransmitAfterMs: 20_000 } },
  server: { dials: 'half-close' },
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'keep', from: 'server', flags: 'SYN' } },
    { who: 'server', command: { verb: 'connect' }, until: { states: { server: 'SYN-SENT' } } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: { segments: [{ from: 'client', flags: 'SYN' }], states: { client: 'SYN-SENT' } },
    },
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [
          { from: 'client', flags: 'SYN,ACK' },
          { from: 'server', flags: 'SYN,ACK' },
        ],
        acknowledged: ['client', 'server'],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    simultaneousOpen(),
    check('a SYN and a SYN,ACK each way, and both are ESTABLISHED', ['wire'], ({ connection }) => {
      const segments = connection?.segments ?? [];
      const open = segments.findIndex(({ statesAfter: { client, server } }) => {
        return client === 'ESTABLISHED' && server === 'ESTABLISHED';
      });
      const kinds = segments
        .slice(0, open + 1)
        .map(({ from, segment }) => `${from} ${flagsText(segment.flags)}`);
      const found = [...new Set(kinds)].join('; ');
      return new Set(kinds).size === 4 ? { met: found } : { violated: found || 'never ESTABLISHED' };
    }),
    passes('client', 'SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED'),
    passes('server', 'SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED'),
    states('client', 'SYN-SENT', 'ESTABLISHED'),
    states('server', 'SYN-SENT', 'ESTABLISHED'),
    sends('client', 'SYN,ACK', { atLeast: 1 }),
    sends('server', 'SYN', { atLeast: 1 }),
    orderlyClose({ by: 'client' }),
  ],
  mutants: [
    { what: 'the SYNs do not cross', who: 'network', instead: { keep: 'nothing' } },
    {
      what: 'the second program listens',
      who: 'server',
      server: 'half-open',
      instead: { connect: 'nothing' },
    },
  ],
};
