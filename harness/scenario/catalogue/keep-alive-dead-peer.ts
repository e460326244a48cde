import { handshake } from '../../expect/expectation.ts';
import { emitted, leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { probes } from '../../expect/flow-expectations.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'keep-alive-dead-peer',
  title: 'Keep-alive finds out that the peer is gone',
  explanation:
    'Nobody writes, and the server’s cable is pulled: without keep-alive both ends would believe in each other for ' +
    'ever. The client turned it on. Its kernel probes the silence with a segment whose number is one too old, so that ' +
    'any living TCP must answer, and after so many probes without an answer it ends the connection, with a RST that ' +
    'nobody receives: the program, which never wrote, gets ETIMEDOUT (RFC 9293 §3.8.4). setKeepAlive(true) without a delay leaves ' +
    'the timers to the kernel: two hours, then nine probes 75 s apart; here a second, and one probe. ' +
    'keep-alive-by-node has those that Node sets.',
  chapter: 'time',
  rank: 20,
  setting: { hosts: 2, time: { keepAliveAfterS: 1, keepAliveEveryS: 1, keepAliveProbes: 1 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'unplug', host: 'server' } },
    tells(
      'client',
      { verb: 'setKeepAlive', enable: true },
      {
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'ESTABLISHED' },
      },
    ),
  ],
  expectations: [
    handshake(),
    probes({ by: 'client', of: 'keep-alive', answered: false }),
    sends('client', 'RST', { times: 1 }),
    emitted('client', 'error', { code: 'ETIMEDOUT' }),
    neverEmitted('server', 'close'),
    leftIn('client', 'CLOSED'),
    leftIn('server', 'ESTABLISHED'),
  ],
  mutants: [
    { what: 'the cable stays', who: 'network', instead: { unplug: 'nothing' } },
    {
      what: 'the client leaves keep-alive off',
      who: 'client',
      instead: { setKeepAlive: { verb: 'setKeepAlive', enable: false } },
    },
  ],
};
