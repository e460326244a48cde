import { handshake, refused, states } from '../../expect/expectation.ts';
import { leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { serverNeverCloses } from '../checks.ts';
import { on, type Scenario } from '../scenario.ts';
import { connects } from '../steps.ts';

export const scenario: Scenario = {
  name: 'server-close-idle',
  title: 'server.close() with an idle connection: it stays, and ‘close’ never comes',
  explanation:
    'A client is connected and silent when the server calls close(). To net.Server an idle connection is like any other: it ' +
    'stays ESTABLISHED, nothing is sent, and neither program is told anything. Another client is refused meanwhile, so to ' +
    'new clients the server is gone. Unless one of the two ends the old connection, or TCP keep-alive finds its peer dead, ' +
    '‘close’ never comes; this is why servers hang at shutdown (http.Server.close() closes idle keep-alive connections since ' +
    'Node 19; one that never sent a request stays in 20, 22 and 24, and is closed from 26 on).',
  chapter: 'server',
  rank: 3,
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    await stage.connection('late');
    await stage.take(connects);
    await stage.tell('server', { verb: 'stopListening' });
    await stage.untilSockets('the end of LISTEN', ({ sockets }) =>
      sockets.every(({ state }) => state !== 'LISTEN'),
    );
    await stage.take({
      who: 'client',
      command: { verb: 'connect' },
      until: { segments: [{ from: 'server', flags: 'RST' }], events: [{ side: 'client', name: 'close' }] },
      on: 'late',
    });
  },
  expectations: [
    handshake(),
    states('server', 'ESTABLISHED'),
    leftIn('client', 'ESTABLISHED'),
    leftIn('server', 'ESTABLISHED'),
    check('server.close() sent nothing', ['wire'], ({ connection }) => {
      const count = connection?.segments.length ?? 0;
      return count === 3 ? { met: 'three segments: the handshake' } : { violated: `${count} segments` };
    }),
    serverNeverCloses(),
    neverEmitted('client', 'end'),
    on('late', refused()),
  ],
  mutants: [
    { what: 'the server goes on listening', who: 'server', instead: { stopListening: 'nothing' } },
    {
      what: 'the server destroys its connection where it should close its listener',
      who: 'server',
      instead: { stopListening: { verb: 'destroy' } },
    },
  ],
};
