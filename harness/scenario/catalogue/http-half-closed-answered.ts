import { halfClose, handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, ends, tells } from '../steps.ts';

const REQUEST = 'GET /slow HTTP/1.1\r\nHost: finwait.test\r\n\r\n';

export const scenario: Scenario = {
  name: 'http-half-closed-answered',
  title:
    'HTTP with httpAllowHalfOpen: the half-closed client gets its response, and the last word is the server’s',
  explanation:
    'The same request with a FIN behind it, to a server with httpAllowHalfOpen = true. Node now waits in CLOSE-WAIT for the ' +
    'handler; when that says response.end(), the response goes out, the connection is not kept alive, as nothing can follow ' +
    'on it, and the FIN comes behind the response. This is the half-close as TCP means it. The price: a client that ' +
    'vanished with a FIN looks the same, and its request is worked on to the end.',
  chapter: 'protocol',
  rank: 31,
  server: 'http',
  client: 'half-close',
  steps: [
    connects,
    { who: 'server', command: { verb: 'act', what: 'allowHalfOpen' } },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }, REQUEST),
    tells(
      'server',
      { verb: 'act', what: 'respond' },
      {
        segments: [
          { from: 'server', minPayloadBytes: 1 },
          { from: 'server', flags: 'FIN' },
        ],
        acknowledged: ['server'],
        events: [
          { side: 'client', name: 'data' },
          { side: 'client', name: 'close' },
        ],
        states: closedAfter('client'),
      },
    ),
  ],
  expectations: [
    handshake(),
    halfClose({ by: 'client' }),
    orderlyClose({ by: 'client' }),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    check('the response is whole', ['wire'], ({ connection }) => {
      const bytes = connection?.summary.payloadBytes.server ?? 0;
      return bytes > 'here you are, at last\n'.length
        ? { met: `server: ${bytes} bytes` }
        : { violated: `server: ${bytes} bytes` };
    }),
    emitted('client', 'end'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server is as Node makes it', who: 'server', instead: { act: 'nothing' } },
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
