import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { zeroWindow } from '../../expect/flow-expectations.ts';
import { Flag, hasFlags } from '../../model/segment.ts';
import { check } from '../check.ts';
import { untilWindowCloses } from '../closed-window.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects } from '../steps.ts';

const OCTETS = 256 * 1024;

export const scenario: Scenario = {
  name: 'end-behind-data',
  title: 'end() with a reader that is slow: FIN-WAIT-1, and no FIN on the wire',
  explanation:
    'The client end()s with 256 KiB, and the server does not read. The kernel takes all of it, so Node shuts down and emits ' +
    '‘finish’: to the program all is sent. But the server’s receive buffer is full, its window is 0, and the FIN has to ' +
    'queue behind the data: ss shows FIN-WAIT-1 with a full send queue while not one FIN has been sent. ‘finish’ means that ' +
    'the kernel has the data, not the peer. The client probes the closed window (here a timer of 200 ms); once the server ' +
    'reads, the rest goes out and the FIN comes last. A process that exits now leaves all that to its kernel, which gives such ' +
    'an orphan up if the reader lets it wait for some minutes: the rest is lost, and the reader gets ECONNRESET.',
  chapter: 'reading',
  rank: 10,
  server: { behaviour: 'never-reads', options: { allowHalfOpen: false } },
  client: 'half-close',
  play: async (stage) => {
    await stage.take(connects);
    await stage.tell(
      'client',
      { verb: 'end', data: 'x'.repeat(OCTETS) },
      {
        segments: [{ from: 'client', minPayloadBytes: 1 }],
        events: [{ side: 'client', name: 'finish' }],
        states: { client: 'FIN-WAIT-1', server: 'ESTABLISHED' },
      },
    );
    await untilWindowCloses(stage, 'server');
    const { port } = stage.main.endpoint;
    await stage.untilSockets('the client’s persist timer', ({ sockets }) =>
      sockets.some(({ peer, timer }) => peer.port === port && timer?.name === 'persist'),
    );
    await stage.tell(
      'server',
      { verb: 'resume' },
      {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        events: [{ side: 'server', name: 'close' }],
        states: closedAfter('client'),
      },
    );
  },
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'FIN-WAIT-1', 'TIME-WAIT'),
    zeroWindow({ by: 'server', reopens: true }),
    check('‘finish’ comes before the FIN is sent', ['node', 'wire'], ({ connection }) => {
      const { js = [], segments = [] } = connection ?? {};
      const finish = js.find(({ side, report }) => side === 'client' && report.name === 'finish');
      const fin = segments.find(({ from, segment }) => from === 'client' && hasFlags(segment, Flag.FIN));
      if (finish === undefined || fin === undefined) return { violated: 'no ‘finish’, or no FIN' };
      const aheadMs = Number(fin.atNs - finish.atNs) / 1e6;
      return aheadMs > 0
        ? { met: `${aheadMs.toFixed(1)} ms before` }
        : { violated: `${(-aheadMs).toFixed(1)} ms behind it` };
    }),
    check('the FIN comes behind the last octet', ['wire'], ({ connection }) => {
      const fin = connection?.segments.find(
        ({ from, segment }) => from === 'client' && hasFlags(segment, Flag.FIN),
      );
      if (fin === undefined) return { violated: 'no FIN' };
      const at = fin.sequence + fin.segment.payloadBytes;
      return at === OCTETS + 1
        ? { met: `FIN at sequence number ${at}` }
        : { violated: `FIN at sequence number ${at}` };
    }),
    emitted('server', 'end'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the server reads from the start',
      who: 'server',
      server: { behaviour: 'never-reads', options: { allowHalfOpen: false, pauseOnConnect: false } },
    },
    { what: 'the server never reads', who: 'server', instead: { resume: 'nothing' } },
    {
      what: 'the client ends with little',
      who: 'client',
      instead: { end: { verb: 'end', data: 'little' } },
    },
  ],
};
