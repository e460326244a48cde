import { handshake, orderlyClose, states } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { on, type Scenario } from '../scenario.ts';
import { connects, ends, endsLast } from '../steps.ts';

const FIRST = 45_000;
const PORTS = 4;
const OTHERS = Array.from({ length: PORTS - 1 }, (_, index) => `connection ${index + 2}`);
const ONE_TOO_MANY = 'one too many';

export const scenario: Scenario = {
  name: 'ports-exhausted',
  title: 'TIME-WAIT piles up until no port is left: EADDRNOTAVAIL',
  explanation:
    'A client that opens a connection for each request and closes it first leaves a TIME-WAIT each time, and each ' +
    'keeps one of its ports from the same server for 60 s. Linux has some 28,000 ports to give (here four): at more ' +
    'than about 470 connections a second and server they run out. connect() then fails with EADDRNOTAVAIL, and ' +
    'not one segment is sent. Keeping connections open is the cure. On loopback Linux would use such a port again ' +
    'after a second (net.ipv4.tcp_tw_reuse), which is off here as it is between hosts.',
  chapter: 'time',
  rank: 60,
  setting: {
    sysctls: {
      'net.ipv4.ip_local_port_range': `${FIRST} ${FIRST + PORTS - 1}`,
      'net.ipv4.tcp_tw_reuse': 0,
    },
    private: true,
  },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    for (const name of [undefined, ...OTHERS]) {
      const which = name === undefined ? {} : { on: name };
      if (name !== undefined) await stage.connection(name);
      await stage.take({ ...connects, ...which });
      await stage.take({ ...ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }), ...which });
      await stage.take({ ...endsLast('server'), ...which });
    }
    const { sockets } = await stage.main.sample();
    stage.note('TIME-WAIT', sockets.filter(({ state }) => state === 'TIME-WAIT').length);
    const refused = await stage.connection(ONE_TOO_MANY);
    await stage.tell(
      'client',
      { verb: 'connect' },
      { events: [{ side: 'client', name: 'close' }] },
      ONE_TOO_MANY,
    );
    const { reports } = await refused.evidence();
    stage.note('code', reports.find(({ report }) => report.name === 'error')?.report.code);
  },
  expectations: [
    handshake(),
    states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
    ...OTHERS.map((name) => on(name, orderlyClose({ by: 'client' }))),
    check(`the client holds ${PORTS} sockets in TIME-WAIT`, ['kernel'], ({ notes }) =>
      notes['TIME-WAIT'] === PORTS
        ? { met: `ss: ${PORTS}` }
        : { violated: `ss: ${Number(notes['TIME-WAIT'])}` },
    ),
    check('one connection more fails with EADDRNOTAVAIL', ['node'], ({ notes }) =>
      notes['code'] === 'EADDRNOTAVAIL' ? { met: 'EADDRNOTAVAIL' } : { violated: 'no such error' },
    ),
    check('and not one segment is sent of it', ['wire'], ({ connections }) => {
      const sent = connections[ONE_TOO_MANY]?.segments[0];
      return sent === undefined ? { met: 'none seen' } : { violated: `frame ${sent.segment.frame}` };
    }),
  ],
  mutants: [
    {
      what: 'the client resets, which leaves no TIME-WAIT',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
    { what: 'the server closes nothing', who: 'server', instead: { end: 'nothing' } },
  ],
};
