import { handshake, orderlyClose, states } from '../../expect/expectation.ts';
import { isFinwaitError } from '../../errors.ts';
import { check } from '../check.ts';
import { on, type Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { closedAfter, connects, ends } from '../steps.ts';

export const scenario: Scenario = {
  name: 'server-restarts',
  title: 'A server listens again on a port that TIME-WAIT still has',
  explanation:
    'While one server listens, a second on the same port gets EADDRINUSE. Then the first closes its connection, which ' +
    'leaves TIME-WAIT on its port, and stops listening; and now another may listen there at once, though ss still ' +
    'shows the port in TIME-WAIT. bind(2) alone would refuse that for 60 s. Node, through libuv, sets SO_REUSEADDR on ' +
    'every socket that it binds, and then TIME-WAIT is no obstacle; another listener always is.',
  chapter: 'server',
  rank: 40,
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    const { port } = stage.server.endpoint;
    await stage.take(connects);
    stage.note('while it listens', await listenAgain(stage, port));
    await stage.take(ends('server', { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' }));
    await stage.take(ends('client', closedAfter('server')));
    await stage.tell('server', { verb: 'stopListening' });
    await stage.untilSockets('TIME-WAIT and no listener', ({ sockets }) => {
      const states = sockets.filter(({ local }) => local.port === port).map(({ state }) => state);
      return states.includes('TIME-WAIT') && !states.includes('LISTEN');
    });
    const second = await stage.listen({ behaviour: 'half-open', port });
    const { sockets } = await stage.main.sample();
    stage.note(
      'in TIME-WAIT',
      sockets.some(({ local, state }) => local.port === port && state === 'TIME-WAIT'),
    );
    await stage.connection('new', { server: second });
    await stage.take({ ...connects, on: 'new' });
  },
  expectations: [
    handshake(),
    orderlyClose({ by: 'server' }),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    check('a second server gets EADDRINUSE while the first listens', ['node'], ({ notes }) => {
      const code = String(notes['while it listens']);
      return code === 'EADDRINUSE' ? { met: code } : { violated: code };
    }),
    check('the port is in TIME-WAIT when the next server listens', ['kernel'], ({ notes }) =>
      notes['in TIME-WAIT'] === true ? { met: 'ss shows it' } : { violated: 'ss does not show it' },
    ),
    on('new', handshake()),
    on('new', states('server', 'ESTABLISHED')),
  ],
  mutants: [
    { what: 'the server closes nothing', who: 'server', instead: { end: 'nothing' } },
    { what: 'the first goes on listening', who: 'server', instead: { stopListening: 'nothing' } },
    {
      what: 'the first listens at another address',
      who: 'server',
      server: { behaviour: 'half-open', address: '127.0.0.2' },
    },
  ],
};

/** @returns the error’s code, or that there was none */
async function listenAgain(stage: Stage, port: number): Promise<string> {
  try {
    await stage.listen({ behaviour: 'half-open', port });
    return 'no error';
  } catch (error) {
    if (isFinwaitError(error)) throw error;
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
