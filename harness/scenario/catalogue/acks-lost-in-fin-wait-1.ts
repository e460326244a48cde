import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { passes, sends } from '../checks.ts';
import { comesAgain, serverIsAcknowledged } from '../comes-again.ts';
import type { Scenario } from '../scenario.ts';
import { connects } from '../steps.ts';

export const scenario: Scenario = {
  name: 'acks-lost-in-fin-wait-1',
  title: 'What comes again in FIN-WAIT-1 and CLOSING is acknowledged again',
  explanation:
    'The client’s FIN is held, and its acknowledgements of what the server writes, and then of the server’s FIN, are ' +
    'lost. So the server sends both again. The client has them; their numbers lie before what it expects, and it ' +
    'answers with an acknowledgement and stays in FIN-WAIT-1, and then in CLOSING (RFC 9293 §3.10.7.4: an ' +
    'unacceptable segment). Once the network lets all through, both ends close.',
  chapter: 'states',
  rank: 22,
  setting: { time: { retransmitAfterMs: 20, retransmitAfterAtMostMs: 1000, orphanRetries: 30 } },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    const holdsAcks = {
      who: 'network',
      command: { verb: 'hold', from: 'client', flags: 'ACK', without: 'FIN', as: 'ACKs' },
    } as const;
    const inFinWait1 = { client: 'FIN-WAIT-1', server: 'ESTABLISHED' } as const;
    const inClosing = { client: 'CLOSING', server: 'FIN-WAIT-1' } as const;
    await stage.take(connects);
    await stage.tell('network', { verb: 'hold', from: 'client', flags: 'FIN' });
    await stage.take(holdsAcks);
    await stage.tell(
      'client',
      { verb: 'end' },
      { segments: [{ from: 'client', flags: 'FIN' }], states: inFinWait1 },
    );
    await stage.tell('server', { verb: 'write', data: 'again and again\n' });
    await comesAgain(stage, { from: 'server', flags: 'PSH' }, inFinWait1);
    await stage.tell('network', { verb: 'release', which: 'ACKs' });
    // Until then the server’s FIN waits behind its data.
    await serverIsAcknowledged(stage);
    await stage.take(holdsAcks);
    await stage.tell(
      'server',
      { verb: 'end' },
      { segments: [{ from: 'server', flags: 'FIN' }], states: inClosing },
    );
    await comesAgain(stage, { from: 'server', flags: 'FIN' }, inClosing);
    await stage.tell(
      'network',
      { verb: 'release' },
      { acknowledged: ['client', 'server'], states: { client: 'TIME-WAIT', server: 'TIME-WAIT' } },
    );
  },
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'FIN-WAIT-1', 'TIME-WAIT'),
    passes('client', 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'),
    sends('server', 'FIN', { atLeast: 2 }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network holds nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'the server does not end', who: 'server', instead: { end: 'nothing' } },
  ],
};
