import { handshake } from '../../expect/expectation.ts';
import { leftIn } from '../../expect/program-expectations.ts';
import { probes } from '../../expect/flow-expectations.ts';
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
    probes({ by: 'client', of: 'keep-alive', answered: true }),
    leftIn('client', 'ESTABLISHED'),
    leftIn('server', 'ESTABLISHED'),
  ],
  mutants: [
    {
      what: 'the client leaves keep-alive off',
      who: 'client',
      instead: { setKeepAlive: { verb: 'setKeepAlive', enable: false } },
    },
  ],
};
