import { nothingLeftOpen, handshake, orderlyClose, states } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { serverEmits } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, ends, tells, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'server-close-live',
  title: 'server.close() with a connection in use: it lives on, and ‘close’ waits for it',
  explanation:
    'server.close() closes the listening socket and nothing else: ss lists no LISTEN any more, new clients are refused, and ' +
    'nothing is sent on the connection that is open. It goes on as if nothing had happened, data in both directions, for as ' +
    'long as its two programs like. The server’s ‘close’ event, and close()’s callback, come when the last socket is ' +
    'destroyed, by Node after both ends: a shutdown that awaits them can wait for ever. net.Server cannot close its connections; http.Server can, with ' +
    'closeIdleConnections() and closeAllConnections().',
  chapter: 'server',
  rank: 2,
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    await stage.take(connects);
    await stage.tell('server', { verb: 'stopListening' });
    await stage.untilSockets('the end of LISTEN', ({ sockets }) =>
      sockets.every(({ state }) => state !== 'LISTEN'),
    );
    await stage.take(writes('client', 'still there?\n'));
    await stage.take(writes('server', 'still here\n'));
    await stage.take(ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }));
    await stage.take(
      tells(
        'server',
        { verb: 'end' },
        {
          segments: [{ from: 'server', flags: 'FIN' }],
          acknowledged: ['server'],
          events: [{ side: 'server', name: 'server:close' }],
          states: closedAfter('client'),
        },
      ),
    );
  },
  expectations: [
    handshake(),
    check('data crossed after server.close()', ['node', 'wire'], ({ connection }) => {
      const { js = [], segments = [] } = connection ?? {};
      const closedAtNs = js.find(({ report }) => report.name === 'server.close')?.atNs;
      if (closedAtNs === undefined) return { violated: 'no server.close()' };
      const later = segments.filter(({ atNs, segment }) => atNs > closedAtNs && segment.payloadBytes > 0);
      const sides = new Set(later.map(({ from }) => from));
      const found = later.map(({ from, segment }) => `${from} frame ${segment.frame}`).join(', ');
      return sides.size === 2 ? { met: found } : { violated: found || 'no data' };
    }),
    check('the server’s ‘close’ comes behind the end of its last socket', ['node'], ({ connection }) => {
      const names = (connection?.js ?? [])
        .filter(({ side }) => side === 'server')
        .map(({ report }) => report.name);
      const [destroyed, closed] = [names.indexOf('destroy'), names.indexOf('server:close')];
      return destroyed !== -1 && closed > destroyed
        ? { met: names.join(', ') }
        : { violated: names.join(', ') || 'nothing' };
    }),
    serverEmits('close'),
    orderlyClose({ by: 'client' }),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server goes on listening', who: 'server', instead: { stopListening: 'nothing' } },
    { what: 'the server does not end its connection', who: 'server', instead: { end: 'nothing' } },
  ],
};
