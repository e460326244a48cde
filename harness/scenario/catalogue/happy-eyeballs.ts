import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted, neverEmitted } from '../../expect/program-expectations.ts';
import { Flag, hasFlags } from '../../model/segment.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { ends } from '../steps.ts';

/** Node’s timer of 250 ms is never early, but for its tick. */
const LEAST_MS = 240;

export const scenario: Scenario = {
  name: 'happy-eyeballs',
  title: 'autoSelectFamily: a SYN over IPv6, silence, a SYN over IPv4',
  explanation:
    'The name has two addresses, ::1 and 127.0.0.1, and IPv6 leads nowhere: its SYN is lost. With autoSelectFamily, the ' +
    'default since Node 20, a client does not wait for the kernel’s minutes: after 250 ms (500 ms from Node 26) Node closes ' +
    'the first socket and tries the next address. This is not quite RFC 8305: the attempts follow one another, they never ' +
    'race, so an IPv6 path that takes 300 ms loses although it works. The loser’s fate is silence: closed in SYN-SENT, no ' +
    'FIN, no RST. The last address gets no such limit. The program sees one socket, one ‘connect’, and no error.',
  chapter: 'open',
  rank: 30,
  setting: { private: true },
  server: 'half-open',
  client: 'happy-eyeballs',
  play: async (stage) => {
    const { port } = stage.main.endpoint;
    const loser = await stage.connection('loser', { server: { address: '::1', port } });
    loser.follow();
    await stage.tell('network', { verb: 'hold', from: 'client', flags: 'SYN' }, undefined, 'loser');
    await stage.tell(
      'client',
      { verb: 'connect' },
      {
        segments: [{ from: 'server', flags: 'SYN,ACK' }],
        acknowledged: ['client', 'server'],
        events: [{ side: 'client', name: 'connect' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    );
    await stage.untilSockets(
      'the loser gone',
      ({ sockets }) => sockets.every(({ state }) => state !== 'SYN-SENT'),
      { on: 'loser' },
    );
    await stage.take(ends('server', { client: 'CLOSED', server: 'TIME-WAIT' }));
  },
  expectations: [
    handshake(),
    sends('client', 'SYN', { times: 1 }),
    sends('client', 'SYN', { times: 1 }, { on: 'loser' }),
    check(
      'the first SYN is IPv6’s, and nothing more is heard of it',
      ['wire'],
      ({ connection, connections }) => {
        const [lost, won] = [connections['loser'], connection].map((each) => each?.segments ?? []);
        const [syn, ...others] = lost ?? [];
        const second = won?.[0];
        if (syn === undefined || second === undefined) return { violated: 'not two attempts' };
        if (others.length > 0) return { violated: `${others.length} more segments over IPv6` };
        const laterMs = Number(second.atNs - syn.atNs) / 1e6;
        const found = `the SYN over IPv4 came ${laterMs.toFixed(0)} ms later`;
        return laterMs >= LEAST_MS && hasFlags(second.segment, Flag.SYN)
          ? { met: found }
          : { violated: found };
      },
    ),
    emitted('client', 'connect'),
    neverEmitted('client', 'error'),
    orderlyClose({ by: 'server' }),
    states('client', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    { what: 'the client tries IPv4 only', who: 'client', client: 'connect-and-end' },
  ],
};
