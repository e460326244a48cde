import { handshake, nothingLeftOpen, orderlyClose } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { reads } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells } from '../steps.ts';

const OCTETS = 200_000;

export const scenario: Scenario = {
  name: 'lossy-link',
  title: 'One segment in five is lost, and every octet arrives',
  explanation:
    'The network loses a fifth of all segments, each way, chosen by a seed: the same ones in every run that sends the ' +
    'same. TCP sends again what is not acknowledged, and the program reads every octet once and in order; all that ' +
    'the loss costs is time. The FINs and their acknowledgements are as likely to be lost as anything else.',
  chapter: 'loss',
  rank: 90,
  setting: { time: { retransmitAfterMs: 10 } },
  server: 'auto-end',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'lose', rate: 0.2, seed: 9293 } },
    tells(
      'client',
      { verb: 'end', data: 'x'.repeat(OCTETS) },
      {
        events: [
          { side: 'server', name: 'close' },
          { side: 'client', name: 'close' },
        ],
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: { acknowledged: ['client', 'server'], states: closedAfter('client') },
    },
  ],
  expectations: [
    handshake(),
    check('segments were lost and sent again', ['wire'], ({ connection }) => {
      const lost = (connection?.segments ?? []).filter(({ delivered }) => !delivered).length;
      const again = connection?.summary.retransmissions ?? 0;
      const found = `${lost} segments lost, ${again} retransmissions`;
      return lost > 0 && again > 0 ? { met: found } : { violated: found };
    }),
    reads('server', OCTETS),
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
