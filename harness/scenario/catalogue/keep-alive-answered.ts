import { handshake } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { endsIn } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'keep-alive-answered',
  title: 'Keep-alive: an old octet asks, an ACK answers',
  explanation:
    'setKeepAlive(true, 1000) lets the kernel probe a connection that is silent for a second: a segment with the ' +
    'number of an octet that was acknowledged long ago. It lies outside the window, is not acceptable, and the other ' +
    'end must answer with an ACK that says what it expects (RFC 9293 §3.10.7.4, RFC 1122 §4.2.3.6). Neither program ' +
    'hears of it.',
  chapter: 'time',
  rank: 10,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    tells(
      'client',
      { verb: 'setKeepAlive', enable: true, initialDelayMs: 1000 },
      {
        segments: [
          { from: 'client', flags: 'ACK', times: 2 },
          { from: 'server', flags: 'ACK', times: 2 },
        ],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    ),
  ],
  expectations: [
    handshake(),
    check('the probe asks with an old number, and is answered', ['wire'], ({ connection }) => {
      const [probe, answer] = (connection?.segments ?? []).slice(3);
      if (probe?.from !== 'client' || probe.sequence !== 0)
        return { violated: 'no probe with an old number' };
      return answer?.from === 'server' && answer.acknowledgment === 1
        ? { met: `frames ${probe.segment.frame}, ${answer.segment.frame}` }
        : { violated: 'no answer to the probe' };
    }),
    endsIn('client', 'ESTABLISHED'),
    endsIn('server', 'ESTABLISHED'),
  ],
  mutants: [
    {
      what: 'the client leaves keep-alive off',
      who: 'client',
      instead: { setKeepAlive: { verb: 'setKeepAlive', enable: false } },
    },
  ],
};
