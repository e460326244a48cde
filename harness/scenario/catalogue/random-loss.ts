import { handshake, nothingLeftOpen, orderlyClose } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { emits, neverEmits } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast, tells } from '../steps.ts';

const LINES = 30;
const LINE = `${'x'.repeat(999)}\n`;

export const scenario: Scenario = {
  name: 'random-loss',
  title: 'One segment in five is lost, and every octet arrives',
  explanation:
    'The network loses a fifth of all segments each way, which ones being decided by a seed and the same every time. ' +
    'Thirty lines are written, then both ends close. What is lost is sent again, data, FIN or acknowledgement (an ACK ' +
    'is made up for by the next), and the server’s program reads all 30,000 octets, in order, once. Neither program ' +
    'can tell that anything was lost, but for the time it took.',
  chapter: 'loss',
  rank: 70,
  setting: { time: { retransmitAfterMs: 20, retransmitAfterAtMostMs: 1000 } },
  server: 'half-open',
  client: { behaviour: 'half-close', options: { noDelay: true } },
  steps: [
    connects,
    { who: 'network', command: { verb: 'lose', rate: 0.2, seed: 7 } },
    ...Array.from({ length: LINES }, () =>
      tells('client', { verb: 'write', data: LINE }, { segments: [{ from: 'client', minPayloadBytes: 1 }] }),
    ),
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    check('segments are lost, and sent again', ['wire'], ({ connection }) => {
      const segments = connection?.segments ?? [];
      const lost = segments.filter(({ delivered }) => !delivered).length;
      const again = segments.filter(({ retransmission }) => retransmission).length;
      const found = `${lost} of ${segments.length} segments lost, ${again} sent again`;
      return lost > 0 && again > 0 ? { met: found } : { violated: found };
    }),
    check(`the server’s program reads ${LINES * LINE.length} octets`, ['node'], ({ connection }) => {
      const read = (connection?.js ?? [])
        .filter(({ side, report }) => side === 'server' && report.kind === 'event' && report.name === 'data')
        .reduce((sum, { report }) => sum + (report.bytes ?? 0), 0);
      return read === LINES * LINE.length ? { met: `${read} octets` } : { violated: `${read} octets` };
    }),
    emits('server', 'end'),
    neverEmits('client', 'error'),
    neverEmits('server', 'error'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { lose: 'nothing' } },
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
