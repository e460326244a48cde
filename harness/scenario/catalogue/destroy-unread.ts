import { handshake, nothingLeftOpen, reset, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'destroy-unread',
  title: 'destroy() with unread data sends a RST',
  explanation:
    'The client writes and the server never reads: the octets wait in the kernel’s receive queue. A close() then ' +
    'would lose data that was already acknowledged, so TCP must say so, and sends a RST in place of a FIN (RFC 1122 ' +
    '§4.2.2.13, RFC 2525 §2.17). The client sees ECONNRESET.',
  chapter: 'reset',
  rank: 2,
  server: 'never-reads',
  client: 'never-ends',
  steps: [
    connects,
    tells(
      'client',
      { verb: 'write', data: 'never read\n' },
      {
        segments: [{ from: 'client', minPayloadBytes: 1 }],
        acknowledged: ['client'],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    ),
    tells(
      'server',
      { verb: 'destroy' },
      {
        segments: [{ from: 'server', flags: 'RST' }],
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    ),
  ],
  expectations: [
    handshake(),
    reset({ by: 'server', because: 'unread data' }),
    emitted('client', 'error', { code: 'ECONNRESET' }),
    states('client', 'ESTABLISHED', 'CLOSED'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server reads after all', who: 'server', server: 'never-ends' },
    { what: 'the server ends where it should destroy', who: 'server', instead: { destroy: { verb: 'end' } } },
  ],
};
