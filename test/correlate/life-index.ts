import test from 'ava';
import { LifeIndex } from '../../harness/correlate/life-index.ts';
import type { SocketLife } from '../../harness/model/socket-life.ts';
import { CLIENT, CLOCK, event, life, MS, runRow, SERVER, wireMs } from './_life.ts';

/** A client's life that called connect() at `ms`. */
function clientAt(ms: number, socket: number, fields: Partial<SocketLife> = {}): SocketLife {
  const attempts = [{ peer: SERVER, attempt: 1, startedAtNs: BigInt(ms) * MS }];
  return life('client', [event('finwait:socket:connect', ms + 1)], { socket, attempts, ...fields });
}

function serverAt(ms: number, socket: number): SocketLife {
  return life('server', [event('finwait:socket:accept', ms)], { socket });
}

test('a 4-tuple that is used again belongs each time to the sockets of that time', (t) => {
  const lives = [clientAt(0, 1), serverAt(1, 2), clientAt(100, 3), serverAt(101, 4)];
  const index = new LifeIndex(lives, [], CLOCK);
  // In the order of their ends, which need not be that of their beginnings.
  const later = index.take(runRow({ startNs: wireMs(100.5) }));
  const earlier = index.take(runRow({ startNs: wireMs(0.5) }));
  t.is(earlier?.lives.client?.socket, 1);
  t.is(earlier?.lives.server?.socket, 2);
  t.is(later?.lives.client?.socket, 3);
  t.is(later?.lives.server?.socket, 4);
  t.deepEqual(index.left, []);
});

test('a life is given away once', (t) => {
  const index = new LifeIndex([clientAt(0, 1)], [], CLOCK);
  t.truthy(index.take(runRow({ startNs: wireMs(0.5) })));
  t.is(index.take(runRow({ startNs: wireMs(50) })), undefined);
});

test('a failed attempt, which has no port, is found by its peer and time', (t) => {
  const failed = { atNs: 3n * MS, code: 'ECONNREFUSED' };
  const attempts = [{ peer: SERVER, attempt: 1, startedAtNs: 1n * MS, failed }];
  const { local: _local, ...withoutLocal } = life('client', [], { attempts });
  const found = (ms: number): boolean =>
    new LifeIndex([withoutLocal], [], CLOCK).take(runRow({ startNs: wireMs(ms) })) !== undefined;
  t.true(found(2));
  t.false(found(0.5), 'before it was made');
  t.false(found(4), 'after it had failed');
});

test('a client is found by its peer as the kernel has it, and a failed attempt at a wildcard at the loopback', (t) => {
  const attempt = { peer: { ...SERVER, address: '0.0.0.0' }, attempt: 1, startedAtNs: 0n };
  const connected = life('client', [event('finwait:socket:connect', 1)], { attempts: [attempt] });
  t.truthy(new LifeIndex([connected], [], CLOCK).take(runRow({ startNs: wireMs(0.5) })));
  const failed = { ...attempt, failed: { atNs: 3n * MS, code: 'ECONNREFUSED' } };
  const { local: _local, peer: _peer, ...refused } = life('client', [], { attempts: [failed] });
  const server = { ...SERVER, address: '127.0.0.1' };
  t.truthy(new LifeIndex([refused], [], CLOCK).take(runRow({ startNs: wireMs(0.5), server })));
});

test('a connection to a port where we listened is ours, accepted or not; others are not', (t) => {
  const thread = { cut: false, lastEventAtNs: 0n };
  const listen = { local: { address: '::', port: 80 }, pid: 1, fromNs: 10n * MS, toNs: 20n * MS, thread };
  const index = new LifeIndex([], [listen], CLOCK);
  t.is(index.take(runRow({ startNs: wireMs(15) }))?.listen, listen);
  t.is(index.take(runRow({ startNs: wireMs(25) })), undefined);
  t.is(index.take(runRow({ startNs: wireMs(15), server: { ...SERVER, port: 81 } })), undefined);
  const elsewhere = { ...listen, local: { address: '10.9.9.9', port: 80 } };
  t.is(new LifeIndex([], [elsewhere], CLOCK).take(runRow({ startNs: wireMs(15) })), undefined);
});

test('what no packet tells of is left over, both ends of one connection together', (t) => {
  const index = new LifeIndex(
    [serverAt(1, 2), clientAt(0, 1), clientAt(50, 3, { local: { ...CLIENT, port: 9 } })],
    [],
    CLOCK,
  );
  const left = index.left.map(({ lives }) => [lives.client?.socket, lives.server?.socket]);
  t.deepEqual(left, [
    [1, 2],
    [3, undefined],
  ]);
});
