import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import type { SocketSnapshot } from '../../model/observation.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { closedAfter, connects, ends } from '../steps.ts';

export const scenario: Scenario = {
  name: 'time-wait-answers-fin',
  title: 'What TIME-WAIT is for: the last ACK is lost, the FIN comes again',
  explanation:
    'The client’s acknowledgement of the server’s FIN is lost. The server, in LAST-ACK, sends its FIN again, and the ' +
    'client is still there in TIME-WAIT to answer it, and starts its 60 s anew (RFC 9293 §3.10.7.4). Without ' +
    'TIME-WAIT the FIN would meet no socket and be answered by a RST.',
  chapter: 'states',
  rank: 41,
  // More than the two seconds by which ss may round.
  setting: { time: { retransmitAfterMs: 2500 } },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    await stage.take(connects);
    await stage.take(ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }));
    await stage.tell('network', { verb: 'hold', from: 'client', flags: 'ACK' });
    await stage.tell(
      'server',
      { verb: 'end' },
      {
        segments: [{ from: 'server', flags: 'FIN' }],
        states: { client: 'TIME-WAIT', server: 'LAST-ACK' },
      },
    );
    const before = await timeWaitEnds(stage);
    await stage.tell(
      'network',
      { verb: 'release' },
      {
        segments: [{ from: 'server', flags: 'FIN', times: 2 }],
        acknowledged: ['server'],
        states: closedAfter('client'),
      },
    );
    const after = await timeWaitEnds(stage);
    stage.note('TIME-WAIT ends later by at least', Number(after.earliestNs - before.latestNs) / 1e9);
  },
  expectations: [
    handshake(),
    sends('server', 'FIN', { atLeast: 2 }),
    states('client', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    check('with the FIN that came again the 60 s began anew', ['kernel'], ({ notes }) => {
      const later = notes['TIME-WAIT ends later by at least'];
      if (typeof later !== 'number') return { undetermined: 'ss did not show TIME-WAIT twice' };
      const found = `by ss’s timer TIME-WAIT ends at least ${later.toFixed(1)} s later than before`;
      return later > 0 ? { met: found } : { violated: found };
    }),
    orderlyClose({ by: 'client' }),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } },
    {
      what: 'the server resets where it should end',
      who: 'server',
      instead: { end: { verb: 'resetAndDestroy' } },
    },
  ],
};

/** When TIME-WAIT will end, monotonic ns: `ss` shows whole seconds of what is left, and was asked between two times. */
async function timeWaitEnds(
  stage: Stage,
): Promise<{ readonly earliestNs: bigint; readonly latestNs: bigint }> {
  const snapshot = await stage.untilSockets('TIME-WAIT’s timer', (each) => secondsLeft(each) !== undefined);
  const left = secondsLeft(snapshot) ?? 0n;
  return {
    earliestNs: snapshot.startedAtNs + left * 1_000_000_000n,
    latestNs: snapshot.endedAtNs + (left + 1n) * 1_000_000_000n,
  };
}

/** `1min` or `59sec`. */
function secondsLeft({ sockets }: SocketSnapshot): bigint | undefined {
  const expires = sockets.find(({ state }) => state === 'TIME-WAIT')?.timer?.expires;
  const parts = /^(\d+)(min|sec)$/.exec(expires ?? '');
  return parts === null ? undefined : BigInt(parts[1] ?? 0) * (parts[2] === 'min' ? 60n : 1n);
}
