import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import type { SocketSnapshot } from '../../model/observation.ts';
import { check } from '../check.ts';
import { sends } from '../checks.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { closedAfter, connects, ends } from '../steps.ts';

/** How `ss` shows what is left of 60 s within the first second. */
const FRESH: ReadonlySet<string> = new Set(['1min', '59sec']);

export const scenario: Scenario = {
  name: 'time-wait-answers-fin',
  title: 'What TIME-WAIT is for: the last ACK is lost, the FIN comes again',
  explanation:
    'The client’s acknowledgement of the server’s FIN is lost. The server, in LAST-ACK, sends its FIN again, and the ' +
    'client is still there in TIME-WAIT to answer it, and starts its 60 s anew (RFC 9293 §3.10.7.4). Without ' +
    'TIME-WAIT the FIN would meet no socket and be answered by a RST.',
  chapter: 'states',
  rank: 41,
  setting: { time: { retransmitAfterMs: 20 } },
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
    // The wait for the next FIN doubles, until there is time enough to see the clock run down in between.
    const before = await timeLeft(stage, 'TIME-WAIT for a second or more', (text) => !FRESH.has(text));
    const after = await timeLeft(stage, 'TIME-WAIT anew', (text) => FRESH.has(text));
    stage.note('TIME-WAIT', `${before} left, then ${after} again`);
    await stage.tell(
      'network',
      { verb: 'release' },
      {
        segments: [{ from: 'server', flags: 'FIN', times: 2 }],
        acknowledged: ['server'],
        states: closedAfter('client'),
      },
    );
  },
  expectations: [
    handshake(),
    sends('server', 'FIN', { atLeast: 2 }),
    states('client', 'FIN-WAIT-2', 'TIME-WAIT'),
    states('server', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'),
    check('with the FIN that came again the 60 s began anew', ['kernel'], ({ notes }) => {
      const found = notes['TIME-WAIT'];
      return typeof found === 'string' ? { met: `ss: ${found}` } : { violated: 'they ran on' };
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

/** Waits until `ss` shows a time for which TIME-WAIT still lasts that is wanted, and returns it. */
async function timeLeft(stage: Stage, what: string, isWanted: (text: string) => boolean): Promise<string> {
  const leftIn = ({ sockets }: SocketSnapshot): string | undefined => {
    return sockets.find(({ state }) => state === 'TIME-WAIT')?.timer?.expires;
  };
  const snapshot = await stage.untilSockets(what, (each) => {
    const left = leftIn(each);
    return left !== undefined && isWanted(left);
  });
  return leftIn(snapshot) ?? '';
}
