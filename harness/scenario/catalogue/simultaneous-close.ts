import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { simultaneousClose } from '../../expect/flow-expectations.ts';
import { passes } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'simultaneous-close',
  title: 'Simultaneous close: the FINs cross, both ends keep TIME-WAIT',
  explanation:
    'Both programs end() before either has seen the other’s FIN: the network keeps both FINs back until both are ' +
    'sent. Each end goes from FIN-WAIT-1 to CLOSING when the other’s FIN arrives, and from there, with the ' +
    'acknowledgement of its own, to TIME-WAIT (RFC 9293 §3.6, Figure 13). This is the one close that leaves ' +
    'TIME-WAIT on both sides.',
  chapter: 'states',
  rank: 20,
  setting: { time: { retransmitAfterMs: 20_000 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'keep', from: 'client', flags: 'FIN', as: 'client’s FIN' } },
    { who: 'network', command: { verb: 'keep', from: 'server', flags: 'FIN', as: 'server’s FIN' } },
    tells('client', { verb: 'end' }, { states: { client: 'FIN-WAIT-1', server: 'ESTABLISHED' } }),
    tells('server', { verb: 'end' }, { states: { client: 'FIN-WAIT-1', server: 'FIN-WAIT-1' } }),
    {
      who: 'network',
      command: { verb: 'keep', from: 'client', flags: 'ACK', without: 'FIN' },
    },
    {
      who: 'network',
      command: { verb: 'keep', from: 'server', flags: 'ACK', without: 'FIN' },
    },
    { who: 'network', command: { verb: 'release', which: 'client’s FIN' } },
    {
      who: 'network',
      command: { verb: 'release', which: 'server’s FIN' },
      until: {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'FIN' },
        ],
        states: { client: 'CLOSING', server: 'CLOSING' },
      },
    },
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        acknowledged: ['client', 'server'],
        states: { client: 'TIME-WAIT', server: 'TIME-WAIT' },
      },
    },
  ],
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'),
    passes('client', 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'),
    passes('server', 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT'),
    simultaneousClose(),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server does not end', who: 'server', instead: { end: 'nothing' } },
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
