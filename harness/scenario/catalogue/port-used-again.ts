import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { on, type Scenario } from '../scenario.ts';
import { closedAfter, connects, ends, tells } from '../steps.ts';

/** None that the kernel gives to a client, and none of the lab's. */
const PORT = 31_100;

export const scenario: Scenario = {
  name: 'port-used-again',
  title: 'A SYN meets TIME-WAIT: the same two endpoints, connected again',
  explanation:
    'The server closed first and keeps TIME-WAIT for the client’s port. The client, which is free of any such burden, ' +
    'connects again from the same port to the same server. Its SYN meets the TIME-WAIT; with a newer ' +
    'timestamp or a higher number than anything of the old connection it may open a new one at once (RFC 9293 ' +
    '§3.10.7.4, RFC 6191), since old segments cannot be taken for new ones then. The TIME-WAIT is gone.',
  chapter: 'time',
  rank: 62,
  setting: { private: true },
  server: 'half-open',
  client: { behaviour: 'half-close', options: { localPort: PORT } },
  play: async (stage) => {
    await stage.take(connects);
    await stage.take(ends('server', { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' }));
    await stage.take(ends('client', closedAfter('server')));
    await stage.connection('again');
    await stage.take({ ...connects, on: 'again' });
    const { sockets } = await stage.pair('again').sample();
    stage.note('TIME-WAIT', sockets.filter(({ state }) => state === 'TIME-WAIT').length);
    await stage.take({
      ...tells(
        'client',
        { verb: 'resetAndDestroy' },
        { segments: [{ from: 'client', flags: 'RST' }], states: { client: 'CLOSED', server: 'CLOSED' } },
      ),
      on: 'again',
    });
  },
  expectations: [
    handshake(),
    orderlyClose({ by: 'server' }),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    on('again', handshake()),
    on('again', states('server', 'ESTABLISHED', 'CLOSED')),
    on('again', nothingLeftOpen()),
    check('both are between the same two ports', ['wire'], ({ connection, connections: { again } }) => {
      const ports = [connection, again].map(
        (each) => `${each?.client.port ?? ''} → ${each?.server.port ?? ''}`,
      );
      return again !== undefined && ports[0] === ports[1]
        ? { met: ports[0] ?? '' }
        : { violated: ports.join(', ') };
    }),
    check('TIME-WAIT made way for it', ['kernel'], ({ notes }) =>
      notes['TIME-WAIT'] === 0 ? { met: 'ss: none' } : { violated: `ss: ${Number(notes['TIME-WAIT'])}` },
    ),
  ],
  mutants: [
    { what: 'the server does not end', who: 'server', instead: { end: 'nothing' } },
    { what: 'the client comes from another port', who: 'client', client: 'half-close' },
  ],
};
