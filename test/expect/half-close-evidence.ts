import test from 'ava';
import { halfClose } from '../../harness/expect/expectation.ts';
import { judge } from '../../harness/expect/judge.ts';
import { CLOSING_BY_CLIENT, OPENING, timelineOf, type RunOptions } from '../support/segment-script.ts';

const LINES = [...OPENING, ...CLOSING_BY_CLIENT.slice(0, 2), 'server FIN,ACK +20 ms', 'client ACK'];

test('without data only ss can tell a half-close from an end that Node made at once', (t) => {
  const statusWith = (ss: NonNullable<RunOptions['ss']>): string => {
    const timeline = timelineOf(LINES, { ss });
    return judge(timeline, timeline.connections[0], halfClose({ by: 'client', dataAfter: false })).status;
  };
  t.is(statusWith([[12, 'FIN-WAIT-2', 'CLOSE-WAIT']]), 'met');
  t.is(statusWith([[60, 'TIME-WAIT', 'CLOSED']]), 'undetermined');
});
