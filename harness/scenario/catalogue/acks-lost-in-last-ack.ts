import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { passes, sends } from '../checks.ts';
import { comesAgain } from '../comes-again.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects } from '../steps.ts';

export const scenario: Scenario = {
  name: 'acks-lost-in-last-ack',
  title: 'A FIN that comes again in LAST-ACK is acknowledged again',
  explanation:
    'Nothing that the server sends arrives any more. It has the client’s FIN, has acknowledged it and sent its own, and ' +
    'waits in LAST-ACK; the client, which knows nothing of either, sends its FIN again. The server answers with an ' +
    'acknowledgement and stays in LAST-ACK (RFC 9293 §3.10.7.4: an unacceptable segment).',
  chapter: 'states',
  rank: 36,
  setting: { time: { retransmitAfterMs: 20, retransmitAfterAtMostMs: 1000, orphanRetries: 30 } },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    const inLastAck = { client: 'FIN-WAIT-1', server: 'LAST-ACK' } as const;
    await stage.take(connects);
    await stage.tell('network', { verb: 'hold', from: 'server', flags: 'ACK' });
    await stage.tell(
      'client',
      { verb: 'end' },
      {
        segments: [{ from: 'client', flags: 'FIN' }],
        events: [{ side: 'server', name: 'end' }],
        states: { client: 'FIN-WAIT-1', server: 'CLOSE-WAIT' },
      },
    );
    await stage.tell(
      'server',
      { verb: 'end' },
      { segments: [{ from: 'server', flags: 'FIN' }], states: inLastAck },
    );
    await comesAgain(stage, { from: 'client', flags: 'FIN' }, inLastAck);
    await stage.tell(
      'network',
      { verb: 'release' },
      { acknowledged: ['client', 'server'], states: closedAfter('client') },
    );
  },
  expectations: [
    handshake(),
    sends('client', 'FIN', { atLeast: 2 }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-1', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    passes('server', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network holds nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'the server does not end', who: 'server', instead: { end: 'nothing' } },
  ],
};
