import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'write-while-peer-destroys',
  title: 'Data meets a destroyed socket before its FIN arrives: ECONNRESET',
  explanation:
    'The server destroys an idle socket, and its FIN is still on the way when the client writes. destroy() was a close(2): ' +
    'no program can read this data any more, so the kernel answers it by a RST (RFC 1122 §4.2.2.13; Linux counts it as ' +
    'TCPAbortOnData) and forgets the connection. The client, who did nothing wrong and was ESTABLISHED, gets ECONNRESET. ' +
    'A server that end()s and reads on until it sees the client’s FIN does not do that to its clients.',
  chapter: 'reset',
  rank: 6,
  setting: { time: { retransmitAfterMs: 20_000 } },
  server: 'half-open',
  client: 'never-ends',
  steps: [
    connects,
    { who: 'network', command: { verb: 'keep', from: 'server', flags: 'FIN' } },
    tells('server', { verb: 'destroy' }, { states: { client: 'ESTABLISHED', server: 'FIN-WAIT-1' } }),
    tells(
      'client',
      { verb: 'write', data: 'are you there?\n' },
      {
        segments: [
          { from: 'client', minPayloadBytes: 1 },
          { from: 'server', flags: 'RST' },
        ],
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    ),
  ],
  expectations: [
    handshake(),
    states('server', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSED'),
    states('client', 'ESTABLISHED', 'CLOSED'),
    passes('client', 'ESTABLISHED', 'CLOSED'),
    sends('server', 'RST', { times: 1 }),
    emitted('client', 'error', { code: 'ECONNRESET' }),
    neverEmitted('client', 'end'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server ends where it should destroy', who: 'server', instead: { destroy: { verb: 'end' } } },
    { what: 'the network keeps nothing back', who: 'network', instead: { keep: 'nothing' } },
    { what: 'the client writes nothing', who: 'client', instead: { write: 'nothing' } },
  ],
};
