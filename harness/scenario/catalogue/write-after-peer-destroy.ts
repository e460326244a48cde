import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { passes, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'write-after-peer-destroy',
  title: 'Writing to a peer that destroyed its socket: a RST, and EPIPE one write later',
  explanation:
    'The server’s destroy() and its end() look the same on the wire: a FIN, “no more from me”. The client, with ' +
    'allowHalfOpen, may well go on sending, and its first write succeeds. But no program is behind that FIN any more, and ' +
    'the data is answered by a RST. Node has read the end and reads no more, so nobody tells it: the socket still calls ' +
    'itself writable, though ss lists it no more. Only the next write finds out, with EPIPE and not ECONNRESET, since ' +
    'the RST came in CLOSE-WAIT. A write’s success says that the kernel took the data, and nothing else.',
  chapter: 'reset',
  rank: 7,
  server: 'half-open',
  client: 'never-ends',
  steps: [
    connects,
    tells(
      'server',
      { verb: 'destroy' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        acknowledged: ['server'],
        events: [{ side: 'client', name: 'end' }],
        states: { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' },
      },
    ),
    tells(
      'client',
      { verb: 'write', data: 'the first write\n' },
      {
        segments: [
          { from: 'client', minPayloadBytes: 1 },
          { from: 'server', flags: 'RST' },
        ],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    ),
    tells('client', { verb: 'write', data: 'the second\n' }, { events: [{ side: 'client', name: 'close' }] }),
  ],
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2', 'CLOSED'),
    passes('client', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    sends('client', 'PSH', { times: 1 }),
    sends('server', 'RST', { times: 1 }),
    emitted('client', 'end'),
    emitted('client', 'error', { code: 'EPIPE' }),
    neverEmitted('server', 'data'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server ends where it should destroy', who: 'server', instead: { destroy: { verb: 'end' } } },
    {
      what: 'the server resets where it should destroy',
      who: 'server',
      instead: { destroy: { verb: 'resetAndDestroy' } },
    },
  ],
};
