import { handshake, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { serverEmits } from '../checks.ts';
import { on, type Scenario } from '../scenario.ts';
import { closedAfter, connects } from '../steps.ts';

export const scenario: Scenario = {
  name: 'max-connections',
  title: 'maxConnections: the one too many connects, and is closed at once',
  explanation:
    'server.maxConnections = 1 and a second client. TCP cannot refuse it: the kernel has completed the handshake before the ' +
    'program hears of it. Node accepts, counts, closes the new socket and emits ‘drop’ on the server; there is no ' +
    '‘connection’. The client sees ‘connect’, then ‘end’: a connection that opened and was closed in order, no error. If it ' +
    'writes at once, its data may be in the server’s kernel by then, and the close is a RST and ECONNRESET. Beware of 0: ' +
    'Node 20 takes it for “no limit”, 22 and later drop everyone.',
  chapter: 'server',
  rank: 10,
  server: { behaviour: 'half-open', options: { maxConnections: 1 } },
  client: 'connect-and-end',
  play: async (stage) => {
    await stage.connection('first');
    await stage.take({ ...connects, on: 'first' });
    await stage.tell(
      'client',
      { verb: 'connect' },
      {
        segments: [
          { from: 'server', flags: 'FIN' },
          { from: 'client', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        events: [
          { side: 'server', name: 'server:drop' },
          { side: 'client', name: 'connect' },
          { side: 'client', name: 'close' },
        ],
        states: closedAfter('server'),
      },
    );
  },
  expectations: [
    handshake(),
    orderlyClose({ by: 'server' }),
    emitted('client', 'connect'),
    emitted('client', 'end'),
    neverEmitted('client', 'error'),
    serverEmits('drop'),
    check('the drop names this client', ['node'], ({ connection }) => {
      const drop = connection?.js.find(({ report }) => report.name === 'server:drop');
      const port = drop?.report.peer?.port;
      return port !== undefined && port === connection?.client.port
        ? { met: `remotePort ${port}` }
        : { violated: `remotePort ${port ?? 'unknown'}` };
    }),
    states('server', 'TIME-WAIT'),
    on('first', handshake()),
    on('first', leftIn('client', 'ESTABLISHED')),
    on('first', leftIn('server', 'ESTABLISHED')),
  ],
  mutants: [
    {
      what: 'the server takes two',
      who: 'server',
      server: { behaviour: 'half-open', options: { maxConnections: 2 } },
    },
    { what: 'the server has no limit', who: 'server', server: 'half-open' },
  ],
};
