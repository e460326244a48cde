import { handshake, nothingLeftOpen, orderlyClose, states } from '../../expect/expectation.ts';
import { emitted } from '../../expect/program-expectations.ts';
import { check } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { closedAfter, connects, tells } from '../steps.ts';

export const scenario: Scenario = {
  name: 'idle-timeout',
  title: 'setTimeout() tells and does nothing; destroy() is the program’s own',
  explanation:
    'The server calls socket.setTimeout(50). When nothing has been read or written for so long, it gets ‘timeout’, and that ' +
    'is all: no segment, no change in ss, the connection is as open as before. It is a timer of Node’s, unknown to the ' +
    'kernel, and has nothing to do with TCP keep-alive. Whoever wants the connection to end must call destroy(), or end(), ' +
    'in that event, as this server does: only then there is a FIN.',
  chapter: 'time',
  rank: 1,
  server: 'half-open',
  client: 'connect-and-end',
  steps: [
    connects,
    tells(
      'server',
      { verb: 'limitIdle', ms: 50 },
      {
        events: [{ side: 'server', name: 'timeout' }],
        states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
      },
    ),
    tells(
      'server',
      { verb: 'destroy' },
      {
        segments: [
          { from: 'server', flags: 'FIN' },
          { from: 'client', flags: 'FIN' },
        ],
        acknowledged: ['client', 'server'],
        states: closedAfter('server'),
      },
    ),
  ],
  expectations: [
    handshake(),
    emitted('server', 'timeout'),
    check('the timeout itself sent nothing and closed nothing', ['node', 'wire'], ({ connection }) => {
      const { js = [], segments = [] } = connection ?? {};
      const placeOf = (kind: string, name: string): bigint | undefined =>
        js.find(({ side, report }) => side === 'server' && report.kind === kind && report.name === name)
          ?.atNs;
      const [timeout, destroyed] = [placeOf('event', 'timeout'), placeOf('call', 'destroy')];
      if (timeout === undefined || destroyed === undefined)
        return { violated: 'no timeout, or no destroy()' };
      const between = segments.filter(({ atNs }) => atNs > timeout && atNs < destroyed);
      return between.length === 0
        ? { met: 'no segment between ‘timeout’ and destroy()' }
        : { violated: `frames ${between.map(({ segment }) => segment.frame).join(', ')}` };
    }),
    orderlyClose({ by: 'server' }),
    states('server', 'ESTABLISHED', 'TIME-WAIT'),
    states('client', 'ESTABLISHED', 'CLOSED'),
    nothingLeftOpen(),
  ],
  mutants: [
    { what: 'the server sets no timeout', who: 'server', instead: { limitIdle: 'nothing' } },
    { what: 'the server does not destroy', who: 'server', instead: { destroy: 'nothing' } },
  ],
};
