import { states } from '../../expect/expectation.ts';
import { emitted, leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'abort-connect',
  title: 'AbortSignal while connecting: silence, then a RST for the SYN,ACK',
  explanation:
    'The client was made with {signal}, and the signal is aborted while the server’s SYN,ACK is still on its way. Node ' +
    'destroys the socket with ABORT_ERR: a close(2) in SYN-SENT, which sends nothing (RFC 9293 §3.10.4). The server ' +
    'knows nothing of it and waits in SYN-RECEIVED, until its SYN,ACK meets no socket and is answered by a RST ' +
    '(§3.10.7.1). Its program never hears of this client. Without the signal, destroy() does the same, without the error.',
  chapter: 'open',
  rank: 24,
  server: 'half-open',
  client: { behaviour: 'half-close', options: { abortable: true } },
  steps: [
    { who: 'network', command: { verb: 'keep', from: 'server', flags: 'SYN,ACK' } },
    {
      who: 'client',
      command: { verb: 'connect' },
      until: {
        segments: [{ from: 'client', flags: 'SYN' }],
        states: { client: 'SYN-SENT', server: 'SYN-RECEIVED' },
      },
    },
    tells(
      'client',
      { verb: 'abort' },
      {
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'SYN-RECEIVED' },
      },
    ),
    {
      who: 'network',
      command: { verb: 'release' },
      until: {
        segments: [
          { from: 'server', flags: 'SYN,ACK' },
          { from: 'client', flags: 'RST' },
        ],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    },
  ],
  expectations: [
    states('client', 'SYN-SENT', 'CLOSED'),
    states('server', 'SYN-RECEIVED', 'CLOSED'),
    emitted('client', 'error', { code: 'ABORT_ERR' }),
    neverEmitted('client', 'connect'),
    sends('client', 'RST', { atLeast: 1 }),
    sends('client', 'ACK', { times: 0 }),
    leftIn('server', 'CLOSED'),
  ],
  mutants: [
    { what: 'the client does not abort', who: 'client', instead: { abort: 'nothing' } },
    {
      what: 'the client destroys, and so tells no error',
      who: 'client',
      instead: { abort: { verb: 'destroy' } },
    },
  ],
};
