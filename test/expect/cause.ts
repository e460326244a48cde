import test from 'ava';
import { causeOf } from '../../harness/expect/shortfall.ts';
import { connectionOf, OPENING, type RunOptions } from '../support/segment-script.ts';

/** The cause of the last segment, which crosses at `4 ms + the lines before it`. */
function causeOfLast(lines: readonly string[], options: RunOptions): string | undefined {
  const connection = connectionOf([...OPENING, ...lines], options);
  const last = connection.segments.at(-1);
  return last && causeOf(connection, last);
}

test('the cause is the last closing call of the side that sent', (t) => {
  const js: RunOptions['js'] = [
    [3.2, 'server', 'end()'],
    [3.5, 'server', 'destroy()'],
    [3.8, 'server', 'write()'],
    [3.9, 'client', 'resetAndDestroy()'],
  ];
  t.is(causeOfLast(['server RST,ACK'], { js }), 'server destroy()');
});

test('a call behind the segment is not its cause, and neither is an event', (t) => {
  const js: RunOptions['js'] = [
    [3.5, 'server', 'end'],
    [4.5, 'server', 'destroy()'],
  ];
  t.is(causeOfLast(['server RST,ACK'], { js }), undefined);
});

test('a call that Node made is told as such', (t) => {
  const js: RunOptions['js'] = [[3.5, 'server', 'end()', { by: 'node' }]];
  t.is(causeOfLast(['server FIN,ACK'], { js }), 'server end(), called by Node itself');
});

test('unread bytes are those of the last snapshot before the call', (t) => {
  const js: RunOptions['js'] = [[9.5, 'server', 'destroy()']];
  const ss: RunOptions['ss'] = [
    [4, 'ESTABLISHED', 'ESTABLISHED'],
    [8, 'ESTABLISHED', ['ESTABLISHED', 14]],
    [11, 'CLOSED', 'CLOSED'],
  ];
  t.is(
    causeOfLast(['client ACK len 14', 'server RST,ACK +8 ms'], { js, ss }),
    'server destroy() with 14 unread bytes',
  );
});

test('unread bytes that came after the call are not told', (t) => {
  const js: RunOptions['js'] = [[5, 'server', 'end()']];
  const ss: RunOptions['ss'] = [
    [4, 'ESTABLISHED', 'ESTABLISHED'],
    [8, 'ESTABLISHED', ['ESTABLISHED', 14]],
  ];
  t.is(causeOfLast(['server FIN,ACK +10 ms'], { js, ss }), 'server end()');
});

test('a FIN that waits in the queue is not an unread byte', (t) => {
  const js: RunOptions['js'] = [[7, 'server', 'end()']];
  const only: RunOptions['ss'] = [[5, 'FIN-WAIT-2', ['CLOSE-WAIT', 1]]];
  const lines = ['client FIN,ACK', 'server FIN,ACK +5 ms'];
  t.is(causeOfLast(lines, { js, ss: only }), 'server end()');
  const withData: RunOptions['ss'] = [[5, 'FIN-WAIT-2', ['CLOSE-WAIT', 15]]];
  t.is(causeOfLast(lines, { js, ss: withData }), 'server end() with 14 unread bytes');
});

test('of resetAndDestroy() and the destroy() that Node calls for it, the program’s own call is the cause', (t) => {
  const js: RunOptions['js'] = [
    [3.4, 'client', 'resetAndDestroy()'],
    [3.5, 'client', 'destroy()', { by: 'node' }],
  ];
  t.is(causeOfLast(['client RST,ACK'], { js }), 'client resetAndDestroy()');
});
