import { handshake, nothingLeftOpen, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { connects, tells, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'blackhole-mid-data',
  title: 'A blackhole in the middle of data: one end gives up, the other finds out late',
  explanation:
    'The connection has carried data already when the network begins to swallow everything. The client’s next octets ' +
    'are sent again and again, the wait doubling each time, until the time is over that net.ipv4.tcp_retries2 stands for: ETIMEDOUT, and ' +
    'nothing more is said. The server has no part in it and stays ESTABLISHED. When the network is back it writes, ' +
    'and is answered by a RST: RFC 9293 §3.5.1 calls this the discovery of a half-open connection. By Linux’s own ' +
    'fifteen retries the client would have waited about a quarter of an hour.',
  chapter: 'time',
  rank: 45,
  setting: { time: { retransmitAfterMs: 20, retransmitAfterAtMostMs: 1000, retries: 1 } },
  server: 'half-open',
  client: 'half-close',
  steps: [
    connects,
    writes('client', 'this arrives\n'),
    { who: 'network', command: { verb: 'blackhole' } },
    tells(
      'client',
      { verb: 'write', data: 'this does not\n' },
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
        segments: [{ from: 'client', flags: 'RST' }],
        events: [{ side: 'server', name: 'close' }],
        states: { client: 'CLOSED', server: 'CLOSED' },
      },
    ),
  ],
  expectations: [
    handshake(),
    check('the lost data is sent again and again', ['wire'], ({ connection }) => {
      const sent = (connection?.segments ?? []).filter(({ from, delivered, segment }) => {
        return from === 'client' && !delivered && segment.payloadBytes > 0;
      });
      const gapsMs = sent.slice(1).map(({ atNs }, index) => Number(atNs - (sent[index]?.atNs ?? 0n)) / 1e6);
      return gapsMs.length >= 2
        ? { met: `after ${gapsMs.map((gap) => gap.toFixed(0)).join(', ')} ms` }
        : { violated: `sent ${sent.length} times` };
    }),
    emitted('client', 'error', { code: 'ETIMEDOUT' }),
    sends('client', 'RST', { times: 1 }),
    emitted('server', 'error', { code: 'ECONNRESET' }),
    states('client', 'ESTABLISHED', 'CLOSED'),
    states('server', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    {
      what: 'the network swallows nothing',
      who: 'network',
      instead: { blackhole: 'nothing', release: 'nothing' },
    },
    { what: 'the server never writes', who: 'server', instead: { write: 'nothing' } },
  ],
};
