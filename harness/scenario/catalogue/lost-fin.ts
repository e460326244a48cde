import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'lost-fin',
  title: 'A lost FIN is sent again',
  explanation:
    'The network loses the client’s first FIN. The client stays in FIN-WAIT-1 until its retransmission timer fires, ' +
    'and sends the FIN again; neither program notices more than a delay of one timeout. The timer is shortened here.',
  chapter: 'loss',
  rank: 40,
  setting: { time: { retransmitAfterMs: 100 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'drop', from: 'client', flags: 'FIN' } },
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    sends('client', 'FIN', { times: 2 }),
    orderlyClose({ by: 'client' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { drop: 'nothing' } },
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
