import { states } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { emits, neverEmits, sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'connect-timeout',
  title: 'Nobody answers: the SYN is sent again, then ETIMEDOUT',
  explanation:
    'A firewall that drops in silence, or a host that is not there: the SYN gets no answer at all. The kernel sends it ' +
    'again after 1 s and, by Linux’s default of six retries, for about two minutes in all; only then does connect() fail, ' +
    'with ETIMEDOUT. Node has no connect timeout of its own: whoever wants one sets socket.setTimeout() and destroys, or ' +
    'gives an AbortSignal.timeout(). Retries are cut to one here. Compare ‘refused’, where a RST tells at once.',
  chapter: 'open',
  rank: 20,
  setting: { time: { synRetries: 1, retransmitAfterAtMostMs: 1000 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    { who: 'network', command: { verb: 'hold', from: 'client', flags: 'SYN' } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'client', flags: 'SYN' }],
        states: { client: 'SYN-SENT', server: 'CLOSED' },
      },
    },
    {
      who: 'network',
      command: { verb: 'hold', from: 'server', as: 'holds what the server would say' },
      until: {
        segments: [{ from: 'client', flags: 'SYN', times: 2 }],
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    },
  ],
  expectations: [
    sends('client', 'SYN', { times: 2 }),
    check('both SYNs have the same number', ['wire'], ({ connection }) => {
      const numbers = new Set(connection?.segments.map(({ segment }) => segment.sequenceNumber));
      return numbers.size === 1
        ? { met: `sequence number ${[...numbers].join()}` }
        : { violated: [...numbers].join(', ') };
    }),
    sends('server', 'ACK', { times: 0 }),
    states('client', 'SYN-SENT', 'CLOSED'),
    emits('client', 'error', { code: 'ETIMEDOUT' }),
    neverEmits('client', 'connect'),
  ],
  mutants: [
    { what: 'the network holds nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'nobody listens, and says so', who: 'network', server: 'nobody', instead: { hold: 'nothing' } },
  ],
};
