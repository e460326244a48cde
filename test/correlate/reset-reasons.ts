import test from 'ava';
import { withReasons } from '../../harness/correlate/reset-reasons.ts';
import { control, wireMs } from './_life.ts';

const ERROR_NS = 10_000n;

function reasons(
  segments: readonly (readonly [from: 'client' | 'server', flags: string, ms: number])[],
  told: readonly (readonly [side: 'client' | 'server', reason: string, ms: number])[],
): (string | undefined)[] {
  const ties = segments.map(([from, flags, ms]) => ({ segment: control(from, flags, ms) }));
  const resets = told.map(([side, reason, ms]) => ({ side, reason, atNs: wireMs(ms) }));
  return withReasons(ties, resets, ERROR_NS).map(({ kernelReason }) => kernelReason);
}

test('a RST has the reason that its own end told, before it or after', (t) => {
  const segments = [
    ['server', 'FIN,ACK', 1],
    ['server', 'RST', 2],
    ['client', 'RST', 3],
  ] as const;
  const told = [
    ['client', 'TCP_STATE', 3.01],
    ['server', 'TCP_TIMEWAIT_SOCKET', 1.99],
  ] as const;
  t.deepEqual(reasons(segments, told), [undefined, 'TCP_TIMEWAIT_SOCKET', 'TCP_STATE']);
});

test('several RSTs of one end have their reasons in turn, and none has one twice', (t) => {
  const segments = [
    ['server', 'RST,ACK', 1],
    ['server', 'RST', 2],
    ['server', 'RST', 3],
  ] as const;
  const told = [
    ['server', 'TCP_ABORT_ON_CLOSE', 1.1],
    ['server', 'NO_SOCKET', 1.9],
  ] as const;
  t.deepEqual(reasons(segments, told), ['TCP_ABORT_ON_CLOSE', 'NO_SOCKET', undefined]);
});

test('what was told at quite another time is of another RST', (t) => {
  t.deepEqual(reasons([['server', 'RST', 500]], [['server', 'TCP_STATE', 1]]), [undefined]);
});
