import test from 'ava';
import { joinHandedOver } from '../../harness/correlate/handed-over-lives.ts';
import type { SocketLife } from '../../harness/model/socket-life.ts';
import { CLIENT, event, life, MS, SERVER } from './_life.ts';

const ACCEPTED = life('server', [event('finwait:socket:accept', 1)], { pid: 1 });
const CALLED = life('client', [event('finwait:socket:connect', 1)], { calledAtNs: 0n });

/** A socket over a handle, that called end() at `ms`. */
function given(pid: number, ms: number, fields: Partial<SocketLife> = {}): SocketLife {
  const attempts: SocketLife['attempts'] = [];
  const fresh = { pid, attempts, handedOver: true as const, local: SERVER, peer: CLIENT, ...fields };
  return life('client', [event('finwait:socket:end-call', ms)], fresh);
}

test('what two processes did with one connection, one after the other, is one life', (t) => {
  const [joined, ...others] = joinHandedOver([given(2, 3), ACCEPTED], []);
  t.deepEqual(others, []);
  t.is(joined?.role, 'server');
  t.is(joined?.pid, 2);
  t.deepEqual(joined?.holdersBefore, [{ pid: 1, threadId: 0 }]);
  t.deepEqual(
    joined?.events.map(({ name }) => name),
    ['finwait:socket:accept', 'finwait:socket:end-call'],
  );
});

test('handed on twice, it is still one', (t) => {
  const [joined, ...others] = joinHandedOver([ACCEPTED, given(3, 5), given(2, 3)], []);
  t.deepEqual(others, []);
  t.is(joined?.pid, 3);
  t.deepEqual(
    joined?.holdersBefore?.map(({ pid }) => pid),
    [1, 2],
  );
});

test('a life of the same ends that began later gave nothing', (t) => {
  const later = life('server', [event('finwait:socket:accept', 9)]);
  t.is(joinHandedOver([later, given(2, 3)], []).length, 2);
});

test('without its giver, the other end or a listener gives it its role', (t) => {
  const roleOf = (lives: readonly SocketLife[], ...listens: Parameters<typeof joinHandedOver>[1]) =>
    joinHandedOver(lives, listens).find(({ handedOver }) => handedOver === true)?.role;
  t.is(roleOf([CALLED, given(2, 3)]), 'server');
  const thread = { cut: false, lastEventAtNs: 0n };
  t.is(roleOf([given(2, 3)], { local: SERVER, pid: 1, fromNs: 1n * MS, thread }), 'server');
  t.is(roleOf([given(2, 3)]), 'client');
});

test('one whose peer the kernel could not tell was given by none of those that reached nobody', (t) => {
  const { peer: _peer, ...peerless } = given(2, 3);
  const { local: _local, ...failed } = CALLED;
  t.is(joinHandedOver([failed, peerless], []).length, 2);
});

test('where nothing was handed over, nothing is changed', (t) => {
  const lives = [ACCEPTED, CALLED];
  t.is(joinHandedOver(lives, []), lives);
});
