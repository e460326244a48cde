import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells } from '../steps.ts';
import { endsByAlert } from '../tls-alerts.ts';

export const scenario: Scenario = {
  name: 'tls-bare-fin',
  title: 'TLS without close_notify: a bare FIN, and Node does not tell the difference',
  explanation:
    'Below the TLS socket, the client’s TCP socket is ended: a FIN, and no close_notify before it, as a forged FIN, a crash or ' +
    'a careless proxy would do it. By TLS that is a truncation: there may have been more, and the receiver must not take what ' +
    'it has for all (RFC 5246 §7.2.1). Node’s TLSSocket emits ‘end’ and no ‘error’, exactly as after close_notify, so the ' +
    'program cannot know; it has to count octets (Content-Length, chunks) or look for its protocol’s own end. ' +
    'destroy() leaves out the alert, too, and worse: the server’s own alert then meets a closed socket, and is answered by a ' +
    'RST.',
  chapter: 'protocol',
  rank: 11,
  server: 'tls',
  client: 'tls',
  steps: [
    {
      ...connects,
      until: {
        acknowledged: ['client', 'server'],
        events: [{ side: 'client', name: 'secureConnect' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    },
    tells('client', { verb: 'write', data: 'half a secr' }, { events: [{ side: 'server', name: 'data' }] }),
    tells(
      'client',
      { verb: 'act', what: 'bareFin' },
      {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        events: [{ side: 'server', name: 'close' }],
        states: closedAfter('client'),
      },
    ),
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    endsByAlert('client', false),
    emitted('server', 'end'),
    neverEmitted('server', 'error'),
    states('client', 'ESTABLISHED', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the client says close_notify', who: 'client', instead: { act: { verb: 'end' } } },
    { what: 'the client destroys its TLS socket', who: 'client', instead: { act: { verb: 'destroy' } } },
  ],
};
