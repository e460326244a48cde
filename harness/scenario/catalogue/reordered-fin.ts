import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { connects, endsLast, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reordered-fin',
  title: 'A FIN overtakes the data before it, and has to wait',
  explanation:
    'The client writes and half-closes; the network lets the FIN pass before the data. Its number says that something ' +
    'is missing before it: the server keeps it, asks again for what it lacks, and stays ESTABLISHED. Only when the ' +
    'data is there does the FIN count, and takes the server to CLOSE-WAIT (RFC 9293 §3.10.7.4: segments are processed ' +
    'in sequence order). A FIN can never cut off data that was sent before it.',
  chapter: 'loss',
  rank: 61,
  setting: { time: { retransmitAfterMs: 20_000 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'keep', from: 'client', flags: 'ACK', without: 'FIN' } },
    tells('client', { verb: 'write', data: 'before the FIN\n' }, { states: { client: 'ESTABLISHED' } }),
    tells(
      'client',
      { verb: 'end' },
      {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'ACK', times: 2 },
        ],
        states: { client: 'FIN-WAIT-1', server: 'ESTABLISHED' },
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [{ from: 'client', minPayloadBytes: 1 }],
        acknowledged: ['client'],
        events: [
          { side: 'server', name: 'data' },
          { side: 'server', name: 'end' },
        ],
        states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' },
      },
    },
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    check('the FIN comes before the data that it follows', ['wire'], ({ connection }) => {
      const segments = (connection?.segments ?? []).filter(({ from }) => from === 'client').slice(2);
      const fin = segments[0];
      const data = segments.find(({ segment }) => segment.payloadBytes > 0);
      if (fin === undefined || data === undefined) return { violated: 'no FIN, or no data' };
      return fin !== data && fin.sequence > data.sequence
        ? {
            met: `frame ${fin.segment.frame} seq ${fin.sequence}, frame ${data.segment.frame} seq ${data.sequence}`,
          }
        : { violated: `frame ${data.segment.frame}: the data came first` };
    }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'),
    emitted('server', 'data'),
    emitted('server', 'end'),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network keeps nothing back', who: 'network', instead: { keep: 'nothing' } },
    { what: 'the client writes nothing', who: 'client', instead: { write: 'nothing' } },
  ],
};
