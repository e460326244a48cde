import type { SocketSnapshot } from '../../model/observation.ts';
import { handshake, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import { on, type Scenario, type Step } from '../scenario.ts';

/** The connection is the kernel's own; no program has seen it. */
const connectsUnaccepted: Step = {
  who: 'client',
  command: { verb: 'connect' },
  until: {
    events: [{ side: 'client', name: 'connect' }],
    states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
  },
};

export const scenario: Scenario = {
  name: 'backlog-overflow',
  title: 'The accept queue is full: the next SYN is lost in silence',
  explanation:
    'The server’s process stands still (SIGSTOP here; a program that computes for a second is no better), so nobody calls ' +
    'accept(2). The kernel goes on without it: it completes handshakes and queues the connections, one more than the backlog ' +
    'that listen() was given, here 1 (net.Server asks for 511, and net.core.somaxconn caps it). Those two clients are ' +
    'connected and may write, though no program knows of them. The third gets no answer, no RST either: its SYN is dropped ' +
    '(nstat: TcpExtListenOverflows) in the hope that the queue has room when it comes again, a second later. That second in ' +
    'a client’s latency is how an overflowing backlog shows.',
  chapter: 'server',
  rank: 20,
  setting: { private: true },
  server: { behaviour: 'half-open', options: { backlog: 1 }, peer: 'victim' },
  client: 'half-close',
  play: async (stage) => {
    for (const name of ['first', 'second']) await stage.connection(name);
    await stage.tell('server', { verb: 'freeze' });
    for (const name of ['first', 'second']) await stage.take({ ...connectsUnaccepted, on: name });
    const { receiveQueue, sendQueue } = listenerIn(
      await stage.untilSockets('a full accept queue', (snapshot) => {
        return listenerIn(snapshot).receiveQueue === 2;
      }),
    );
    stage.note('accept queue', `${receiveQueue} of ${sendQueue}`);
    await stage.tell(
      'client',
      { verb: 'connect' },
      { segments: [{ from: 'client', flags: 'SYN' }], states: { client: 'SYN-SENT', server: 'CLOSED' } },
    );
    await stage.tell(
      'server',
      { verb: 'thaw' },
      {
        segments: [{ from: 'client', flags: 'SYN', times: 2 }],
        acknowledged: ['client', 'server'],
        events: [{ side: 'client', name: 'connect' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    );
  },
  expectations: [
    check('the accept queue held one more than the backlog', ['kernel'], ({ notes }) => {
      const found = String(notes['accept queue']);
      return found === '2 of 1' ? { met: `ss: LISTEN with Recv-Q, Send-Q ${found}` } : { violated: found };
    }),
    on('first', handshake()),
    on('second', handshake()),
    on('first', emitted('client', 'connect')),
    on('second', emitted('client', 'connect')),
    handshake(),
    sends('client', 'SYN', { times: 2 }),
    sends('server', 'RST', { times: 0 }),
    states('client', 'SYN-SENT', 'ESTABLISHED'),
    neverEmitted('client', 'error'),
  ],
  mutants: [
    { what: 'the server’s process runs on', who: 'server', instead: { freeze: 'nothing', thaw: 'nothing' } },
    {
      what: 'the backlog is longer',
      who: 'server',
      server: { behaviour: 'half-open', options: { backlog: 8 }, peer: 'victim' },
    },
  ],
};

function listenerIn({ sockets }: SocketSnapshot): { receiveQueue: number; sendQueue: number } {
  return sockets.find(({ state }) => state === 'LISTEN') ?? { receiveQueue: 0, sendQueue: 0 };
}
