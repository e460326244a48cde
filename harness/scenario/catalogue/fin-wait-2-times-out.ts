import { handshake, states } from '../../expect/expectation.ts';
import { leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'fin-wait-2-times-out',
  title: 'An orphan in FIN-WAIT-2 is given up, and nobody is told',
  explanation:
    'The client destroys its socket; the FIN is acknowledged and the server, which never ends, stays in CLOSE-WAIT. ' +
    'The client’s half waits in FIN-WAIT-2 for a FIN, without a process (ss shows no inode). RFC 9293 would let it ' +
    'wait for ever; Linux gives it net.ipv4.tcp_fin_timeout, 60 s and here two, and then forgets it without a ' +
    'segment. The server’s leak stays: a CLOSE-WAIT whose other end does not exist any more.',
  chapter: 'time',
  rank: 50,
  setting: { time: { finTimeoutS: 2 }, private: true },
  server: 'never-ends',
  client: 'destroy',
  play: async (stage) => {
    await stage.take(connects);
    await stage.take(
      tells(
        'client',
        { verb: 'destroy' },
        { segments: [{ from: 'client', flags: 'FIN' }], acknowledged: ['client'] },
      ),
    );
    const orphaned = await stage.untilSockets('the orphan in FIN-WAIT-2', ({ sockets }) =>
      sockets.some(({ state }) => state === 'FIN-WAIT-2'),
    );
    const orphan = orphaned.sockets.find(({ state }) => state === 'FIN-WAIT-2');
    stage.note('inode', orphan?.inode ?? 0);
    await stage.untilSockets('the end of FIN-WAIT-2', ({ sockets }) => {
      return !sockets.some(({ state }) => state === 'FIN-WAIT-2');
    });
  },
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'CLOSED'),
    check('no process holds the socket in FIN-WAIT-2', ['kernel'], ({ notes }) =>
      notes['inode'] === 0 ? { met: 'ss: no inode' } : { violated: `ss: inode ${String(notes['inode'])}` },
    ),
    sends('client', 'FIN', { times: 1 }),
    sends('client', 'RST', { times: 0 }),
    sends('server', 'FIN', { times: 0 }),
    neverEmitted('server', 'close'),
    leftIn('server', 'CLOSE-WAIT'),
  ],
  mutants: [
    { what: 'the server ends after all', who: 'server', server: 'auto-end' },
    {
      what: 'the client ends where it should destroy, and keeps its socket',
      who: 'client',
      instead: { destroy: { verb: 'end' } },
    },
  ],
};
