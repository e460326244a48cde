import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, ends, tells } from '../steps.ts';
import { timeWaitLeft } from '../time-wait-left.ts';

export const scenario: Scenario = {
  name: 'time-wait-starts-anew',
  title: 'A FIN that comes again starts TIME-WAIT anew',
  explanation:
    'As in time-wait-answers-fin the last ACK is lost and the server’s FIN comes again, here after three seconds. Up to ' +
    'then ss shows the client’s TIME-WAIT running down from 60 s; with the FIN it has its whole time again (RFC 9293 ' +
    '§3.10.7.4): the acknowledgement of this FIN may be lost as well.',
  chapter: 'states',
  rank: 41,
  setting: { private: true, time: { retransmitAfterMs: 3000 } },
  server: 'half-open',
  client: 'half-close',
  play: async (stage) => {
    for (const step of [
      connects,
      ends('client', { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' }),
      { who: 'network', command: { verb: 'hold', from: 'client', flags: 'ACK' } } as const,
      tells(
        'server',
        { verb: 'end' },
        { segments: [{ from: 'server', flags: 'FIN' }], states: { client: 'TIME-WAIT', server: 'LAST-ACK' } },
      ),
    ]) {
      await stage.take(step);
    }
    let leastLeft = Infinity;
    await stage.untilSockets('TIME-WAIT with less than 58 s left', ({ sockets }) => {
      for (const row of sockets) leastLeft = Math.min(leastLeft, timeWaitLeft(row) ?? Infinity);
      return leastLeft < 58;
    });
    await stage.tell(
      'network',
      { verb: 'release' },
      {
        segments: [{ from: 'server', flags: 'FIN', times: 2 }],
        acknowledged: ['server'],
        states: closedAfter('client'),
      },
    );
    const { sockets } = await stage.main.sample();
    stage.note('left before', leastLeft);
    stage.note(
      'left after',
      sockets.map(timeWaitLeft).find((left) => left !== undefined),
    );
  },
  expectations: [
    handshake(),
    sends('server', 'FIN', { atLeast: 2 }),
    orderlyClose({ by: 'client' }),
    states('client', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    check('the FIN that comes again gives TIME-WAIT more time than it had', ['kernel'], ({ notes }) => {
      const { 'left before': before, 'left after': after } = notes;
      if (typeof before !== 'number' || typeof after !== 'number')
        return { undetermined: 'ss shows no timer' };
      const words = `${before} s before, ${after} s after`;
      // A timer that was not started anew looks like one that was looked at late.
      return after > before ? { met: words } : { undetermined: words };
    }),
    nothingLeftOpen(),
  ],
  mutants: [{ what: 'the network loses nothing', who: 'network', instead: { hold: 'nothing' } }],
};
