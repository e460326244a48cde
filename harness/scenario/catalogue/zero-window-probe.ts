import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { probes, zeroWindow } from '../../expect/flow-expectations.ts';
import { probesOf } from '../../expect/probes.ts';
import { check } from '../check.ts';
import { reads } from '../checks.ts';
import { untilWindowCloses } from '../closed-window.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast, tells } from '../steps.ts';

const OCTETS = 400_000;
const PROBES = 2;
/** Linux waits no less for the first. */
const LEAST_MS = 200;
const TICK_MS = 10;

export const scenario: Scenario = {
  name: 'zero-window-probe',
  title: 'A closed window is asked about until it opens',
  explanation:
    'The server does not read. Its receive buffer fills, and its acknowledgement announces a window of 0. The ' +
    'client’s kernel may send no data any more, but must ask now and then (RFC 9293 §3.8.6.1): were the news of an open ' +
    'window lost, both ends would wait for each other for ever. ss shows the persist timer; the wire shows segments ' +
    'with an old number, each after twice as long, and the answer “still 0” (Linux leaves one out that comes too soon ' +
    'after another). Then the program reads, the window opens, and the rest flows.',
  chapter: 'reading',
  rank: 40,
  server: 'never-reads',
  client: 'half-close',
  play: async (stage) => {
    await stage.take(connects);
    await stage.take(
      tells(
        'client',
        { verb: 'write', data: 'x'.repeat(OCTETS) },
        { segments: [{ from: 'client', minPayloadBytes: 1 }] },
      ),
    );
    await untilWindowCloses(stage, 'server');
    const stuck = await stage.untilSockets('the persist timer', ({ sockets }) => {
      return sockets.some(({ timer }) => timer?.name === 'persist');
    });
    // With that timer running, and no window, the client sends nothing but probes.
    const { client, segments } = await stage.main.evidence();
    const sent = segments.filter(({ source }) => source.port === client?.port).length;
    await stage.until({ segments: [{ from: 'client', times: sent + PROBES }] });
    stage.note('unread', Math.max(...stuck.sockets.map(({ receiveQueue }) => receiveQueue)));
    stage.note('unsent', Math.max(...stuck.sockets.map(({ sendQueue }) => sendQueue)));
    await stage.take(
      tells(
        'server',
        { verb: 'resume' },
        { acknowledged: ['client'], states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } },
      ),
    );
    await stage.take(ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }));
    await stage.take(endsLast('server'));
  },
  expectations: [
    handshake(),
    zeroWindow({ by: 'server', reopens: true }),
    probes({ by: 'client', of: 'zero window', atLeast: PROBES }),
    check('the wait for the next probe is twice as long', ['wire'], ({ connection }) => {
      const segments = connection?.segments ?? [];
      const [first, second] = probesOf(segments, 'client').map(({ probe }) => probe);
      if (first === undefined || second === undefined) return { violated: 'not two probes' };
      const closed = segments.findLast(({ from, atNs }) => from === 'server' && atNs < first.atNs);
      const waitsMs = [first.atNs - (closed?.atNs ?? 0n), second.atNs - first.atNs].map(toMs);
      const found = `${waitsMs.map((wait) => wait.toFixed(0)).join(' ms, then ')} ms`;
      // A timer of the kernel is never early, but for its tick; it may well be late.
      return waitsMs.every((wait, index) => wait >= LEAST_MS * 2 ** index - TICK_MS)
        ? { met: found }
        : { violated: found };
    }),
    check('octets wait unread at one end, unsent at the other', ['kernel'], ({ notes }) => {
      const [unread, unsent] = [Number(notes['unread'] ?? 0), Number(notes['unsent'] ?? 0)];
      const found = `ss: Recv-Q ${unread}, Send-Q ${unsent}`;
      return unread > 0 && unsent > 0 ? { met: found } : { violated: found };
    }),
    reads('server', OCTETS),
    emitted('server', 'end'),
    orderlyClose({ by: 'client' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server reads from the start', who: 'server', server: 'half-open' },
    { what: 'the server never reads', who: 'server', instead: { resume: 'nothing' } },
  ],
};

function toMs(ns: bigint): number {
  return Number(ns) / 1e6;
}
