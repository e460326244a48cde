import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { neverEmitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, endsLast, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'socket-handed-over',
  title: 'A socket handed to another process outlives the one that accepted it',
  explanation:
    'The server accepts and hands the socket to a worker with child.send(message, socket); its own handle is closed once the ' +
    'worker has it. Nothing is on the wire: a FIN is sent when the last descriptor of a socket is closed, in whichever ' +
    'process, and the worker still has one. So the server can be killed, by SIGKILL here, and the connection does not ' +
    'notice: the worker answers and ends it. (end() is another matter: shutdown(2) acts on the connection, not on the ' +
    'descriptor, and would end it for both.) Octets that the server had read before stay with it; hence pauseOnConnect.',
  chapter: 'process',
  rank: 40,
  server: { behaviour: 'hands-over-sockets', peer: 'victim' },
  client: 'half-close',
  steps: [
    {
      ...connects,
      until: {
        acknowledged: ['client', 'server'],
        events: [{ side: 'client', name: 'data' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    },
    {
      who: 'server',
      command: { verb: 'kill' },
      until: { states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } },
    },
    tells(
      'client',
      { verb: 'write', data: 'who is there?\n' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        acknowledged: ['client', 'server'],
        events: [{ side: 'client', name: 'end' }],
        states: { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' },
      },
    ),
    endsLast('client'),
  ],
  expectations: [
    handshake(),
    check(
      'data and FIN of the server come after its process was killed',
      ['node', 'wire'],
      ({ connection }) => {
        const { js = [], segments = [] } = connection ?? {};
        const killed = js.find(({ report }) => report.name === 'SIGKILL');
        if (killed === undefined) return { violated: 'it was not killed' };
        const later = segments.filter(({ from, atNs }) => from === 'server' && atNs > killed.atNs);
        const bytes = later.reduce((sum, { segment }) => sum + segment.payloadBytes, 0);
        const found = `${bytes} bytes after it`;
        return bytes === 'goodbye from the worker\n'.length ? { met: found } : { violated: found };
      },
    ),
    sends('server', 'RST', { times: 0 }),
    neverEmitted('client', 'error'),
    orderlyClose({ by: 'server' }),
    states('server', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('client', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the server keeps the socket',
      who: 'server',
      server: { behaviour: 'half-open', peer: 'victim' },
    },
    { what: 'the server is not killed', who: 'server', instead: { kill: 'nothing' } },
    { what: 'the client ends where it should write', who: 'client', instead: { write: { verb: 'end' } } },
  ],
};
