import { handshake, nothingLeftOpen, reset, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { serverEmits } from '../checks.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'server-close-accept-queue',
  title: 'server.close() with a connection in the accept queue: it is reset',
  explanation:
    'A client connects while the server’s process is busy (stopped, here). Its handshake is complete, it got ‘connect’, and ' +
    'its connection waits in the accept queue. The first thing that the server does when it runs again is close(). The kernel ' +
    'closes the listening socket with all that nobody accepted, by a RST: there never was a program that could answer. The ' +
    'client gets ECONNRESET on a connection that had opened well. Every restart does that to somebody; a client must be ' +
    'ready to connect again, and a load balancer to stop sending before the server closes.',
  chapter: 'server',
  rank: 5,
  setting: { private: true },
  server: { behaviour: 'half-open', peer: 'victim' },
  client: 'half-close',
  play: async (stage) => {
    await stage.tell('server', { verb: 'freeze' });
    // It reads this before it hears of the client: the message was there first.
    const closing = stage.tell('server', { verb: 'stopListening' });
    // Where a later step fails, nobody awaits it any more.
    closing.catch(() => undefined);
    await stage.tell(
      'client',
      { verb: 'connect' },
      {
        events: [{ side: 'client', name: 'connect' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    );
    await stage.untilSockets('one connection in the accept queue', ({ sockets }) =>
      sockets.some(({ state, receiveQueue }) => state === 'LISTEN' && receiveQueue === 1),
    );
    await stage.tell(
      'server',
      { verb: 'thaw' },
      {
        segments: [{ from: 'server', flags: 'RST' }],
        events: [
          { side: 'server', name: 'server:close' },
          { side: 'client', name: 'close' },
        ],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    );
    await closing;
  },
  expectations: [
    handshake(),
    reset({ by: 'server' }),
    states('client', 'ESTABLISHED', 'CLOSED'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    emitted('client', 'connect'),
    emitted('client', 'error', { code: 'ECONNRESET' }),
    serverEmits('close'),
    check('the server’s program never had the socket', ['node'], ({ connection }) => {
      const events = (connection?.js ?? [])
        .filter(({ side }) => side === 'server')
        .map(({ report }) => report.name);
      const own = events.filter((name) => !name.startsWith('server') && !name.startsWith('SIG'));
      return own.length === 0 ? { met: events.join(', ') } : { violated: own.join(', ') };
    }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server does not close', who: 'server', instead: { stopListening: 'nothing' } },
    { what: 'the server’s process runs on', who: 'server', instead: { freeze: 'nothing', thaw: 'nothing' } },
  ],
};
