import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells, writes } from '../steps.ts';

export const scenario: Scenario = {
  name: 'paused-withholds-end',
  title: 'pause() stops ‘data’, not the kernel: Recv-Q 0 in CLOSE-WAIT, and no ‘end’ yet',
  explanation:
    'The server has read, then calls pause(). That stops the ‘data’ events only: Node goes on reading from the kernel until ' +
    'its own buffer is full (16 KiB on Node 20, 64 KiB from 22 on). So the request and the FIN behind it are read, ss ' +
    'shows an empty receive queue, and yet the program has neither ‘data’ nor ‘end’, as ‘end’ comes only behind the last ' +
    'octet that was taken. CLOSE-WAIT with Recv-Q 0 is a program that has not ended, or one that is paused: ss cannot tell ' +
    'which. resume() brings both events, and Node’s own end() behind them.',
  chapter: 'reading',
  rank: 21,
  server: 'auto-end',
  client: 'half-close',
  play: async (stage) => {
    await stage.take(connects);
    await stage.take(writes('client', 'the first part\n'));
    await stage.tell('server', { verb: 'pause' });
    await stage.tell(
      'client',
      { verb: 'end', data: 'the second part\n' },
      {
        segments: [{ from: 'client', flags: 'FIN' }],
        acknowledged: ['client'],
        states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' },
      },
    );
    const { port } = stage.main.endpoint;
    await stage.untilSockets('an empty receive queue', ({ sockets }) =>
      sockets.some(
        ({ state, local, receiveQueue }) =>
          state === 'CLOSE-WAIT' && local.port === port && receiveQueue === 0,
      ),
    );
    await stage.take(
      tells(
        'server',
        { verb: 'resume' },
        {
          events: [
            { side: 'server', name: 'end' },
            { side: 'server', name: 'close' },
          ],
          segments: [{ from: 'server', flags: 'FIN' }],
          acknowledged: ['server'],
          states: closedAfter('client'),
        },
      ),
    );
  },
  expectations: [
    handshake(),
    orderlyClose({ by: 'client' }),
    states('server', 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
    check('‘end’ comes only behind resume()', ['node'], ({ connection }) => {
      const names = (connection?.js ?? [])
        .filter(({ side }) => side === 'server')
        .map(({ report }) => (report.kind === 'call' ? `${report.name}()` : `'${report.name}'`));
      const [resumed, ended] = [names.lastIndexOf('resume()'), names.indexOf("'end'")];
      const found = names.join(', ');
      return resumed !== -1 && ended > resumed ? { met: found } : { violated: found };
    }),
    emitted('server', 'end'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server does not pause', who: 'server', instead: { pause: 'nothing' } },
    { what: 'the server does not read on', who: 'server', instead: { resume: 'nothing' } },
  ],
};
