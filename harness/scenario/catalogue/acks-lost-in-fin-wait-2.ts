import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { sends } from '../checks.ts';
import { comesAgain, serverIsAcknowledged } from '../comes-again.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast } from '../steps.ts';

export const scenario: Scenario = {
  name: 'acks-lost-in-fin-wait-2',
  title: 'Data that comes again in FIN-WAIT-2 is acknowledged again',
  explanation:
    'The client half-closed and waits in FIN-WAIT-2; it still receives. Its acknowledgements of the server’s data are ' +
    'lost, and the data comes again. The client has it already: it answers with an acknowledgement and nothing else ' +
    'changes (RFC 9293 §3.10.7.4: an unacceptable segment); its program gets the octets once.',
  chapter: 'states',
  rank: 31,
  setting: { time: { retransmitAfterMs: 20, retransmitAfterAtMostMs: 1000, orphanRetries: 30 } },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    const inFinWait2 = { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } as const;
    await stage.take(connects);
    await stage.take(ends('client', inFinWait2));
    await stage.tell('network', { verb: 'hold', from: 'client', flags: 'ACK' });
    await stage.tell('server', { verb: 'write', data: 'again and again\n' });
    await comesAgain(stage, { from: 'server', flags: 'PSH' }, inFinWait2);
    await stage.tell('network', { verb: 'release' });
    await serverIsAcknowledged(stage);
    await stage.take(endsLast('server'));
  },
  expectations: [
    handshake(),
    sends('server', 'PSH', { atLeast: 2 }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'the server writes nothing', who: 'server', instead: { write: 'nothing' } },
  ],
};
