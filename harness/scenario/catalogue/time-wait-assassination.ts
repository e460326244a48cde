import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'time-wait-assassination',
  title: 'TIME-WAIT ended by a RST, which an old segment brought about',
  explanation:
    'The server’s acknowledgements of the client’s data and FIN are kept back; the FIN that follows acknowledges them ' +
    'too, so the client goes from FIN-WAIT-1 straight to TIME-WAIT. Then an old acknowledgement arrives. TIME-WAIT answers it, ' +
    'the server has no socket any more and answers that by a RST, and the RST ends TIME-WAIT long before its time ' +
    '(RFC 1337). Linux allows it unless net.ipv4.tcp_rfc1337 is 1.',
  chapter: 'states',
  rank: 40,
  setting: { time: { retransmitAfterMs: 20_000 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'keep', from: 'server', flags: 'ACK', without: 'FIN' } },
    // First data are acknowledged at once (Linux’s quick ACKs); a FIN’s ACK may wait, and then ride on the other FIN.
    writes('client', 'x'),
    tells(
      'client',
      { verb: 'end' },
      {
        segments: [{ from: 'client', flags: 'FIN' }],
        states: { client: 'FIN-WAIT-1', server: 'CLOSE-WAIT' },
      },
    ),
    tells(
      'server',
      { verb: 'end' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        acknowledged: ['server'],
        states: { client: 'TIME-WAIT', server: 'CLOSED' },
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [{ from: 'server', flags: 'RST' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    },
  ],
  expectations: [
    handshake(),
    states('client', 'FIN-WAIT-1', 'TIME-WAIT', 'CLOSED'),
    passes('client', 'FIN-WAIT-1', 'TIME-WAIT', 'CLOSED'),
    sends('server', 'RST', { times: 1 }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network keeps nothing back', who: 'network', instead: { keep: 'nothing' } },
    { what: 'the server never ends', who: 'server', instead: { end: 'nothing' } },
  ],
};
