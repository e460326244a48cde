import { handshake } from '../../expect/expectation.ts';
import { emitted, leftIn, neverEmitted } from '../../expect/program-expectations.ts';
import { sends } from '../checks.ts';
import { on, type Scenario } from '../scenario.ts';
import { connectsAccepted } from '../steps.ts';

export const scenario: Scenario = {
  name: 'half-open-discovered',
  title: 'One end has forgotten the connection, and a new SYN finds out',
  explanation:
    'The client’s socket is gone and the server does not know: its RST was lost, as when a machine crashes and starts ' +
    'again. Then the client connects anew from the same port. For the server that SYN lies in an established ' +
    'connection: it is not acceptable and is answered by a challenge ACK (RFC 9293 §3.5.1, RFC 5961 §4). The client, in ' +
    'SYN-SENT, answers that by a RST, which ends the old connection, and its SYN, which Linux sends again within ' +
    'milliseconds, opens a new one. In the ladder both lie in the new connection, since its SYN brought them about; their ' +
    'numbers are the old one’s.',
  chapter: 'reset',
  rank: 60,
  setting: { private: true },
  server: 'half-open',
  client: { behaviour: 'half-close', options: { localPort: 31_000 } },
  play: async (stage) => {
    await stage.take(connectsAccepted);
    await stage.tell('network', { verb: 'hold', from: 'client' });
    await stage.tell(
      'client',
      { verb: 'killSocket' },
      { segments: [{ from: 'client', flags: 'RST' }], states: { client: 'CLOSED', server: 'ESTABLISHED' } },
    );
    await stage.tell('network', { verb: 'release' });
    await stage.connection('reconnect');
    await stage.take({ ...connectsAccepted, on: 'reconnect' });
  },
  expectations: [
    handshake(),
    emitted('server', 'error', { code: 'ECONNRESET' }),
    on('reconnect', handshake()),
    sends('client', 'RST', { times: 1 }, { on: 'reconnect' }),
    sends('client', 'SYN', { times: 2 }, { on: 'reconnect' }),
    on('reconnect', emitted('client', 'connect')),
    on('reconnect', emitted('server', 'connection')),
    on('reconnect', neverEmitted('server', 'error')),
    on('reconnect', leftIn('client', 'ESTABLISHED')),
    on('reconnect', leftIn('server', 'ESTABLISHED')),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'the client’s socket is not killed', who: 'client', instead: { killSocket: 'nothing' } },
  ],
};
