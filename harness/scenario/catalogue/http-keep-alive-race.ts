import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'http-keep-alive-race',
  title: 'HTTP keep-alive: the server closes an idle connection just as the next request leaves',
  explanation:
    'The first request was answered, and the Agent keeps the connection for the next. The server closes it for being idle, as ' +
    'keepAliveTimeout does after five seconds, here by closeIdleConnections(): a destroy(), a FIN. While that FIN is on the ' +
    'way the client takes the connection, which looks fine to it, for a second request. The request meets a closed socket: ' +
    'RST, ECONNRESET, “socket hang up” to many. Nobody did wrong, and nobody can tell if the request was carried out (it was ' +
    'not). So: a client retries what is idempotent when request.reusedSocket is true, and gives up idle sockets sooner than ' +
    'its server. Node’s server names its limit in Keep-Alive: timeout=5 and waits a second longer (keepAliveTimeoutBuffer, ' +
    'settable from 22 and 24 on), and Node’s Agent heeds the hint.',
  chapter: 'protocol',
  rank: 21,
  setting: { time: { retransmitAfterMs: 20_000 } },
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
    { who: 'network', command: { verb: 'keep', from: 'server', flags: 'FIN' } },
    tells(
      'server',
      { verb: 'act', what: 'closeIdle' },
      {
        events: [{ side: 'server', name: 'close' }],
        states: { client: 'ESTABLISHED', server: 'FIN-WAIT-1' },
      },
    ),
    tells(
      'client',
      { verb: 'act', what: 'request' },
      {
        segments: [{ from: 'server', flags: 'RST' }],
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    ),
  ],
  expectations: [
    handshake(),
    states('server', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSED'),
    states('client', 'ESTABLISHED', 'CLOSED'),
    sends('server', 'RST', { times: 1 }),
    emitted('client', 'error', { code: 'ECONNRESET' }),
    neverEmitted('client', 'end'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the FIN is not late', who: 'network', instead: { keep: 'nothing' } },
    { what: 'the server keeps idle connections', who: 'server', instead: { act: 'nothing' } },
    { what: 'the client sends no second request', who: 'client', instead: { act: 'nothing' } },
  ],
};
