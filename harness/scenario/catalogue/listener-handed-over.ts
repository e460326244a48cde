import { handshake, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { connects, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'listener-handed-over',
  title: 'A net.Server handed to another process: close() in one does not end LISTEN',
  explanation:
    'The server shares its listener with a worker by child.send(message, server): two processes now have a descriptor of one ' +
    'listening socket with one accept queue, and whoever accepts first serves. Then it calls server.close() and gets its ' +
    '‘close’, and ss still shows LISTEN: the worker has it. The client who comes now is not refused, as in listener-closes, ' +
    'but served by the worker, and the program that said close() hears nothing of it. So a server restarts without ' +
    'refusing anybody: pass the listener on, close, and finish what is open.',
  chapter: 'process',
  rank: 41,
  server: 'hands-over-listener',
  client: 'half-close',
  play: async (stage) => {
    const { port } = stage.main.endpoint;
    // close(2) is done when server.close() returns.
    await stage.tell('server', { verb: 'stopListening' });
    const { sockets } = await stage.main.sample();
    const listens = sockets.some(({ state, local }) => state === 'LISTEN' && local.port === port);
    stage.note('LISTEN', listens ? 'still there' : 'gone');
    await stage.take({
      ...connects,
      until: {
        acknowledged: ['client', 'server'],
        events: [
          { side: 'server', name: 'server:close' },
          { side: 'client', name: 'data' },
        ],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    });
    await stage.tell(
      'client',
      { verb: 'write', data: 'thank you\n' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        acknowledged: ['client', 'server'],
        events: [{ side: 'client', name: 'end' }],
        states: { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' },
      },
    );
    await stage.take(endsLast('client'));
  },
  expectations: [
    check('LISTEN is there after server.close()', ['kernel', 'node'], ({ notes, connection }) => {
      const closed = connection?.js.some(({ report }) => report.name === 'server:close') === true;
      const found = `${closed ? '‘close’ came' : 'no ‘close’'}, LISTEN ${String(notes['LISTEN'])}`;
      return closed && notes['LISTEN'] === 'still there' ? { met: found } : { violated: found };
    }),
    handshake(),
    emitted('client', 'data'),
    neverEmitted('client', 'error'),
    check('the program that closed has no such socket', ['node'], ({ connection }) => {
      const names = (connection?.js ?? [])
        .filter(({ side }) => side === 'server')
        .map(({ report }) => report.name);
      if (names.length === 0) return { undetermined: 'nothing was seen of that program' };
      const own = names.filter((name) => !name.startsWith('server'));
      return own.length === 0 ? { met: names.join(', ') } : { violated: own.join(', ') };
    }),
    orderlyClose({ by: 'server' }),
    states('client', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
  ],
  mutants: [
    { what: 'the server keeps its listener', who: 'server', server: 'half-open' },
    {
      what: 'the server keeps its listener and does not close it',
      who: 'server',
      server: 'half-open',
      instead: { stopListening: 'nothing' },
    },
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
