import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells } from '../steps.ts';
import { endsByAlert } from '../tls-alerts.ts';

export const scenario: Scenario = {
  name: 'tls-close-notify',
  title: 'TLS: end() says goodbye twice, close_notify and FIN',
  explanation:
    'A FIN is not protected: anybody on the path can forge one, and cut a stream short. So TLS has an end of its own, the ' +
    'alert close_notify (RFC 5246 §7.2.1, RFC 8446 §6.1), and end() on a TLSSocket sends it before the FIN: 31 octets here, ' +
    'encrypted like everything else, which is all that a capture without keys can tell. Node answers ‘end’ of the peer with ' +
    'end() (allowHalfOpen: false), so the server’s alert and FIN follow. Then TCP closes as it always does.',
  chapter: 'protocol',
  rank: 10,
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
    tells('client', { verb: 'write', data: 'a secret\n' }, { events: [{ side: 'server', name: 'data' }] }),
    tells(
      'client',
      { verb: 'end' },
      {
        segments: [
          { from: 'client', flags: 'FIN' },
          { from: 'server', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        events: [
          { side: 'server', name: 'close' },
          { side: 'client', name: 'close' },
        ],
        states: closedAfter('client'),
      },
    ),
  ],
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    endsByAlert('client', true),
    endsByAlert('server', true),
    emitted('server', 'end'),
    neverEmitted('server', 'error'),
    states('client', 'ESTABLISHED', 'TIME-WAIT'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the client sends a bare FIN',
      who: 'client',
      instead: { end: { verb: 'act', what: 'bareFin' } },
    },
    { what: 'the client destroys where it should end', who: 'client', instead: { end: { verb: 'destroy' } } },
  ],
};
