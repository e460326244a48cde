import { isIPv6 } from 'node:net';
import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'ipv6',
  title: 'The same over IPv6',
  explanation:
    'The server listens on ::1. TCP does not change with the IP version below it: the same header, the same states; ' +
    'only the checksum’s pseudo-header has longer addresses, and the largest segment is 20 octets shorter. What changes is ' +
    'how a server is reached: net.Server listens on :: if no address is given, which on Linux takes IPv4 clients too and ' +
    'shows them as ::ffff:127.0.0.1, while a server on ::1 or with ipv6Only is not there for them.',
  chapter: 'open',
  rank: 3,
  server: { behaviour: 'half-open', address: '::1' },
  client: 'half-close',
  steps: [
    connects,
    writes('client', 'over IPv6\n'),
    ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
    endsLast('server'),
  ],
  expectations: [
    handshake(),
    check('all of it is IPv6', ['wire'], ({ connection }) => {
      const addresses = [
        ...new Set(connection?.segments.flatMap(({ segment }) => [segment.source, segment.destination])),
      ].map(({ address }) => address);
      const others = addresses.filter((address) => !isIPv6(address));
      return others.length === 0
        ? { met: [...new Set(addresses)].join(', ') }
        : { violated: others.join(', ') };
    }),
    orderlyClose({ by: 'client' }),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server listens on 127.0.0.1', who: 'server', server: 'half-open' },
    { what: 'the server never ends', who: 'server', instead: { end: 'nothing' } },
  ],
};
