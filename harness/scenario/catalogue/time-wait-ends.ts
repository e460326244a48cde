import { handshake, orderlyClose, states } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { connects, ends, endsLast } from '../steps.ts';

const TIME_WAIT_MS = 60_000;

export const scenario: Scenario = {
  name: 'time-wait-ends',
  title: 'TIME-WAIT ends after 60 s, and nothing is sent',
  explanation:
    'RFC 9293 wants TIME-WAIT to last two maximum segment lifetimes, so that no old segment of this connection can ' +
    'meet the next one of the same two endpoints. Linux makes that 60 s (TCP_TIMEWAIT_LEN), fixed when the kernel is ' +
    'built. Then the socket is gone, without a word on the wire.',
  chapter: 'states',
  rank: 43,
  slow: 'TIME-WAIT lasts 60 s, and no setting shortens it',
  setting: { private: true },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    for (const step of [
      connects,
      ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
      endsLast('server'),
    ]) {
      await stage.take(step);
    }
    await stage.untilSockets(
      'the end of TIME-WAIT',
      ({ sockets }) => !sockets.some(({ state }) => state === 'TIME-WAIT'),
      {
        timeoutMs: TIME_WAIT_MS + 15_000,
        everyMs: 250,
      },
    );
  },
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    states('client', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED'),
    check('TIME-WAIT lasts 60 s', ['kernel', 'wire'], ({ connection }) => {
      const end = connection?.observedStates.findLast(
        ({ side, state }) => side === 'client' && state === 'CLOSED',
      );
      const last = connection?.segments.at(-1);
      if (end === undefined || last === undefined) return { undetermined: 'its end was not seen' };
      const [leastMs, mostMs] = [end.earliestNs, end.latestNs].map((ns) => Number(ns - last.atNs) / 1e6);
      const span = `between ${((leastMs ?? 0) / 1000).toFixed(1)} s and ${((mostMs ?? 0) / 1000).toFixed(1)} s after the last segment`;
      return (mostMs ?? 0) >= TIME_WAIT_MS && (leastMs ?? 0) < TIME_WAIT_MS + 15_000
        ? { met: span }
        : { violated: span };
    }),
  ],
  mutants: [
    {
      what: 'the client resets where it should end',
      who: 'client',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};
