import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { ends, endsLast, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'data-completes-handshake',
  title: 'The handshake’s last ACK is lost, and the first data makes up for it',
  explanation:
    'The client’s ACK is lost and the server waits in SYN-RECEIVED. But every segment of an open connection carries ' +
    'an acknowledgement: the client’s first data does what the lost ACK should have done, the server goes to ' +
    'ESTABLISHED and has the data in the same moment (RFC 9293 §3.10.7.4). Nothing is sent twice. Where the client ' +
    'speaks first, as in HTTP, the loss of this ACK costs nothing at all.',
  chapter: 'loss',
  rank: 31,
  server: 'half-open',
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'ACK', without: 'PSH' } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'client', flags: 'ACK' }],
        events: [{ side: 'client', name: 'connect' }],
        states: { client: 'ESTABLISHED', server: 'SYN-RECEIVED' },
      },
    },
    writes('client', 'GET / HTTP/1.0\r\n\r\n'),
    { who: 'network', command: { verb: 'release' } },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    check(
      'the data acknowledges the SYN,ACK, and makes the server ESTABLISHED',
      ['wire'],
      ({ connection }) => {
        const opening = connection?.segments.find(({ statesAfter }) => statesAfter.server === 'ESTABLISHED');
        if (opening === undefined) return { violated: 'the server never was' };
        const { from, segment, acknowledgment } = opening;
        return from === 'client' && segment.payloadBytes > 0 && acknowledgment === 1
          ? { met: `frame ${segment.frame}` }
          : { violated: `frame ${segment.frame}, ${segment.payloadBytes} bytes, did` };
      },
    ),
    sends('client', 'PSH', { times: 1 }),
    emitted('server', 'data'),
    states('server', 'SYN-RECEIVED', 'CLOSE-WAIT', 'CLOSED'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing', release: 'nothing' } },
    { what: 'the client says nothing', who: 'client', instead: { write: 'nothing' } },
  ],
};
