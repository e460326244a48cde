import { handshake, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { connectsToWorker, crashWorkerOf, listenIs, NO_CRASH } from '../cluster-steps.ts';
import { on, type Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'cluster-worker-dies',
  title: 'cluster: a worker dies with its connections, the others and LISTEN stay',
  explanation:
    'A node:cluster of a primary and two workers. The primary has the listening socket and hands what it accepts to the ' +
    'workers in turn (SCHED_RR, the default but on Windows; with SCHED_NONE they accept from one shared socket). A request ' +
    'crashes one worker. The kernel closes the sockets of that process: its client gets a FIN out of nowhere, as if the ' +
    'server had said end(), or a RST if something was unread. The neighbour’s connection is another process’s and does not ' +
    'notice. LISTEN is the primary’s and stays: who comes now is served by the worker that is left.',
  chapter: 'process',
  rank: 42,
  setting: { private: true },
  server: 'nobody',
  client: 'half-close',
  play: async (stage) => {
    await using _program = await crashWorkerOf(2, stage);
    await stage.tell(
      'client',
      { verb: 'write', data: 'are you there?\n' },
      { segments: [{ from: 'server', minPayloadBytes: 1, times: 2 }], states: { client: 'ESTABLISHED' } },
      'neighbour',
    );
    await stage.take({ ...connectsToWorker, on: 'next' });
  },
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'CLOSE-WAIT'),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2'),
    emitted('client', 'end'),
    neverEmitted('client', 'error'),
    on('neighbour', handshake()),
    on('neighbour', states('server', 'ESTABLISHED')),
    listenIs('there', 'LISTEN outlives the worker'),
    on('next', handshake()),
    on('next', emitted('client', 'data')),
  ],
  mutants: NO_CRASH,
};
