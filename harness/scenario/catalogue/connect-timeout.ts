import { states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { unanswered } from '../../expect/flow-expectations.ts';
import { retransmitted } from '../../expect/segment-expectations.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'connect-timeout',
  title: 'Nobody answers: the SYN is sent again, then ETIMEDOUT',
  explanation:
    'A firewall that drops in silence, or a host that is not there: the SYN gets no answer at all. The kernel sends it ' +
    'again after 1 s and, by Linux’s defaults, for about two minutes in all: ten times since Linux 6.5, which lets four of ' +
    'them come a second apart before the wait doubles (net.ipv4.tcp_syn_linear_timeouts), six before. Only then does ' +
    'connect() fail, with ETIMEDOUT. Node has no connect timeout of its own: whoever wants one sets socket.setTimeout() and destroys, or ' +
    'gives an AbortSignal.timeout(). Here it has three seconds. Compare ‘refused’, where a RST tells at once.',
  chapter: 'open',
  rank: 20,
  setting: { time: { synRetries: 1 } },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    await stage.tell('network', { verb: 'hold', from: 'client', flags: 'SYN' });
    await stage.tell(
      'client',
      { verb: 'connect' },
      { segments: [{ from: 'client', flags: 'SYN' }], states: { client: 'SYN-SENT', server: 'CLOSED' } },
    );
    await stage.until({
      segments: [{ from: 'client', flags: 'SYN', times: 2 }],
      events: [{ side: 'client', name: 'close' }],
      states: { client: 'CLOSED', server: 'CLOSED' },
    });
  },
  expectations: [
    unanswered(),
    retransmitted('client > server SYN'),
    check('all SYNs have the same number', ['wire'], ({ connection }) => {
      const numbers = new Set(connection?.segments.map(({ segment }) => segment.sequenceNumber));
      return numbers.size === 1
        ? { met: `sequence number ${[...numbers].join()}` }
        : { violated: [...numbers].join(', ') };
    }),
    states('client', 'SYN-SENT', 'CLOSED'),
    emitted('client', 'error', { code: 'ETIMEDOUT' }),
    neverEmitted('client', 'connect'),
  ],
  mutants: [
    { what: 'the network holds nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'nobody listens, and says so', who: 'network', server: 'nobody', instead: { hold: 'nothing' } },
  ],
};
