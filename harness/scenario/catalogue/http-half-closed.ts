import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells } from '../steps.ts';

const REQUEST = 'GET /slow HTTP/1.1\r\nHost: finwait.test\r\n\r\n';

export const scenario: Scenario = {
  name: 'http-half-closed',
  title: 'HTTP: a client that half-closes after its request gets no response',
  explanation:
    'The client sends a whole request and its FIN: “this was all; now you”. TCP is made for it, and nothing in HTTP/1.1 says ' +
    'no. http.Server is made with allowHalfOpen: true, and yet ends the socket as soon as it has read the FIN, unless its ' +
    'handler has answered by then: it takes a half-close for a client that has gone. What response.end() says later goes ' +
    'nowhere, and no error tells. nc -N and some proxies send such requests, and get an empty reply. The switch is ' +
    'server.httpAllowHalfOpen, which is not documented: see http-half-closed-answered.',
  chapter: 'protocol',
  rank: 30,
  server: 'http',
  client: 'half-close',
  steps: [
    connects,
    tells(
      'client',
      { verb: 'end', data: REQUEST },
      {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        events: [
          { side: 'server', name: 'end' },
          { side: 'client', name: 'close' },
        ],
        states: closedAfter('client'),
      },
    ),
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    emitted('server', 'end'),
    emitted('client', 'end'),
    check('not one octet of a response', ['wire'], ({ connection }) => {
      const { client, server } = connection?.summary.payloadBytes ?? { client: 0, server: 0 };
      const found = `client ${client}, server ${server} bytes`;
      return client === REQUEST.length && server === 0 ? { met: found } : { violated: found };
    }),
    states('client', 'ESTABLISHED', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the request is answered at once',
      who: 'client',
      instead: { end: { verb: 'end', data: REQUEST.replace('/slow', '/now') } },
    },
    {
      what: 'the client does not half-close',
      who: 'client',
      instead: { end: { verb: 'write', data: REQUEST } },
    },
  ],
};
