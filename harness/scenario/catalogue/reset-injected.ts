import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'reset-injected',
  title: 'A RST that neither end sent',
  explanation:
    'Something between the two, a firewall that lost its table or worse, answers the client’s data with a RST in the ' +
    'server’s name. Its number is right, so the client must believe it: ECONNRESET. The server sent nothing, lost ' +
    'nothing that it knows of, and goes on believing in the connection until it writes; then the client’s kernel, ' +
    'which has no such socket any more, resets it in turn (RFC 9293 §3.5.1, half-open connections). In a capture of ' +
    'the client’s side alone the first RST looks like the server’s own.',
  chapter: 'reset',
  rank: 30,
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    { who: 'network', command: { verb: 'inject', from: 'client', flags: 'PSH' } },
    tells(
      'client',
      { verb: 'write', data: 'never arrives\n' },
      {
        events: [{ side: 'client', name: 'close' }],
        states: { client: 'CLOSED', server: 'ESTABLISHED' },
      },
    ),
    { who: 'network', command: { verb: 'release' } },
    tells(
      'server',
      { verb: 'write', data: 'are you there?\n' },
      {
        events: [{ side: 'server', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    ),
  ],
  expectations: [
    handshake(),
    check('the first RST is nobody’s: it bears the server’s name', ['wire'], ({ connection }) => {
      const injected = connection?.segments.find((segment) => segment.injected === true);
      if (injected === undefined) return { violated: 'none was seen' };
      return injected.from === 'server'
        ? { met: `frame ${injected.segment.frame}` }
        : { violated: `frame ${injected.segment.frame} bears the client’s` };
    }),
    sends('server', 'RST', { times: 0 }),
    emitted('client', 'error', { code: 'ECONNRESET' }),
    neverEmitted('server', 'data'),
    sends('client', 'RST', { times: 1 }),
    emitted('server', 'error', { code: 'ECONNRESET' }),
    states('client', 'ESTABLISHED', 'CLOSED'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the network injects nothing',
      who: 'network',
      instead: { inject: 'nothing', release: 'nothing' },
    },
    { what: 'the server never writes', who: 'server', instead: { write: 'nothing' } },
  ],
};
