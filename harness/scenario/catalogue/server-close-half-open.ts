import { halfClose, handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { serverEmits } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, ends, tells, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'server-close-half-open',
  title: 'server.close() with a half-open connection: CLOSE-WAIT holds ‘close’ back',
  explanation:
    'The client has sent its FIN and waits in FIN-WAIT-2; the server, with allowHalfOpen, still owes the answer when it calls ' +
    'close(). Half a connection counts as a whole one: the server can send its reply all the same, and ‘close’ comes only ' +
    'after its own end(). A server that forgets this end() leaves a socket in CLOSE-WAIT, which no timeout of the kernel ' +
    'ever ends, and a ‘close’ that never comes.',
  chapter: 'server',
  rank: 4,
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    await stage.take(connects);
    await stage.take(ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }, 'request\n'));
    await stage.tell('server', { verb: 'stopListening' });
    await stage.untilSockets('CLOSE-WAIT without LISTEN', ({ sockets }) => {
      const all = sockets.map(({ state }) => state);
      return all.includes('CLOSE-WAIT') && !all.includes('LISTEN');
    });
    await stage.take(writes('server', 'late reply\n'));
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
    halfClose({ by: 'client' }),
    orderlyClose({ by: 'client' }),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    serverEmits('close'),
    check('the server’s ‘close’ comes behind its end()', ['node'], ({ connection }) => {
      const names = (connection?.js ?? [])
        .filter(({ side }) => side === 'server')
        .map(({ report }) => report.name);
      const [asked, ended, closed] = ['server.close', 'end', 'server:close'].map((name) =>
        names.lastIndexOf(name),
      );
      const inOrder = asked !== -1 && (ended ?? -1) > (asked ?? 0) && (closed ?? -1) > (ended ?? 0);
      return inOrder ? { met: names.join(', ') } : { violated: names.join(', ') };
    }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server forgets to end its side', who: 'server', instead: { end: 'nothing' } },
    { what: 'the server goes on listening', who: 'server', instead: { stopListening: 'nothing' } },
    { what: 'Node ends the server’s side at once', who: 'server', server: 'auto-end' },
  ],
};
