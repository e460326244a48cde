import { nothingLeftOpen, refused } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  name: 'listener-closes',
  title: 'server.close(): LISTEN ends, and whoever comes now is refused',
  explanation:
    'server.close() closes the listening socket. That sends nothing: a LISTEN has no peer to tell (RFC 9293 §3.10.4). ' +
    'Only the next SYN finds out, by the RST that it is answered with.',
  chapter: 'server',
  rank: 1,
  server: 'half-open',
  client: 'refused',
  play: async (stage) => {
    const { port } = stage.main.endpoint;
    await stage.untilSockets('LISTEN', ({ sockets }) =>
      sockets.some(({ state, local }) => state === 'LISTEN' && local.port === port),
    );
    await stage.tell(
      'server',
      { verb: 'stopListening' },
      { events: [{ side: 'server', name: 'server:close' }] },
    );
    await stage.untilSockets('the end of LISTEN', ({ sockets }) =>
      sockets.every(({ state }) => state !== 'LISTEN'),
    );
    await stage.tell(
      'client',
      { verb: 'connect' },
      { segments: [{ from: 'server', flags: 'RST' }], events: [{ side: 'client', name: 'close' }] },
    );
  },
  expectations: [refused(), emitted('client', 'error', { code: 'ECONNREFUSED' }), nothingLeftOpen()],
  mutants: [{ what: 'the server goes on listening', who: 'server', instead: { stopListening: 'nothing' } }],
};
