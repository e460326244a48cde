import { handshake, refused, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { crashWorkerOf, listenIs, NO_CRASH } from '../cluster-steps.ts';
import { on, type Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'cluster-last-worker-dies',
  title: 'cluster: with the last worker LISTEN goes too, although the primary lives',
  explanation:
    'A node:cluster of a primary and one worker, which crashes. Both clients were its own, so both get a FIN; the neighbour, ' +
    'who had sent nothing, cannot tell why. And LISTEN is gone: the primary holds it for its workers, and closes it when the ' +
    'last of them is gone, so whoever comes is refused until another worker has started and listened. A restart of all ' +
    'workers that is not staggered, or a single worker behind a primary, refuses clients for as long as Node takes to start.',
  chapter: 'process',
  rank: 43,
  setting: { private: true },
  server: 'nobody',
  client: 'half-close',
  play: async (stage) => {
    await using _program = await crashWorkerOf(1, stage);
    await stage.tell(
      'client',
      { verb: 'end' },
      { segments: [{ from: 'server', flags: 'FIN' }], events: [{ side: 'client', name: 'end' }] },
      'neighbour',
    );
    await stage.tell(
      'client',
      { verb: 'connect' },
      { segments: [{ from: 'server', flags: 'RST' }], events: [{ side: 'client', name: 'close' }] },
      'next',
    );
  },
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'CLOSE-WAIT'),
    emitted('client', 'end'),
    on('neighbour', handshake()),
    on('neighbour', emitted('client', 'end')),
    listenIs('gone', 'LISTEN ends with the last worker'),
    on('next', refused()),
    on('next', emitted('client', 'error', { code: 'ECONNREFUSED' })),
  ],
  mutants: NO_CRASH,
};
