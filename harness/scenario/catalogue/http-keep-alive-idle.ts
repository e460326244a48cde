import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { sends, serverEmits } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects } from '../steps.ts';

export const scenario: Scenario = {
  name: 'http-keep-alive-idle',
  title: 'HTTP server.close(): the idle keep-alive connection is closed by the server',
  explanation:
    'The request is answered and the Agent keeps the connection. When http.Server.close() is called, it closes the listener ' +
    'and, since Node 19, every connection that has been used and is idle now, which net.Server does not do ' +
    '(server-close-idle): a FIN from the server, so TIME-WAIT stays with it. The client’s socket closes in answer (on ' +
    'Node 20 after ‘end’; from 22 on the Agent guards its idle sockets and destroys one at whatever comes), and the next ' +
    'request would open a new connection: no error, as the FIN came in time. What it does not close: a request ' +
    'in progress, and, in Node 20, 22 and 24, a connection that never sent one.',
  chapter: 'protocol',
  rank: 20,
  server: 'http',
  client: 'http',
  steps: [
    {
      ...connects,
      until: {
        segments: [
          { from: 'client', minPayloadBytes: 1 },
          { from: 'server', minPayloadBytes: 1 },
        ],
        acknowledged: ['client', 'server'],
        events: [{ side: 'client', name: 'data' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    },
    {
      who: 'server',
      command: { verb: 'stopListening' },
      until: {
        segments: [
          { from: 'server', flags: 'FIN' },
          { from: 'client', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        events: [
          { side: 'server', name: 'server:close' },
          { side: 'client', name: 'close' },
        ],
        states: closedAfter('server'),
      },
    },
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'server' }),
    sends('server', 'RST', { times: 0 }),
    serverEmits('close'),
    emitted('client', 'close'),
    neverEmitted('client', 'error'),
    states('server', 'ESTABLISHED', 'TIME-WAIT'),
    states('client', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server does not close', who: 'server', instead: { stopListening: 'nothing' } },
    { what: 'the server is a net.Server', who: 'server', server: 'half-open' },
  ],
};
