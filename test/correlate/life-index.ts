import test from 'ava';
import { LifeIndex } from '../../harness/correlate/life-index.ts';
import type { ConnectionRow } from '../../harness/model/connection-row.ts';
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
  const index = new LifeIndex({ lives, listens: [] }, CLOCK);
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
  const index = new LifeIndex({ lives: [clientAt(0, 1)], listens: [] }, CLOCK);
  t.truthy(index.take(runRow({ startNs: wireMs(0.5) })));
  t.is(index.take(runRow({ startNs: wireMs(50) })), undefined);
});

test('a failed attempt, which has no port, is found by its peer and time', (t) => {
  const failed = { atNs: 3n * MS, code: 'ECONNREFUSED' };
  const attempts = [{ peer: SERVER, attempt: 1, startedAtNs: 1n * MS, failed }];
  const { local: _local, ...withoutLocal } = life('client', [], { attempts });
  const found = (ms: number, handshakeNs?: number): boolean =>
    new LifeIndex({ lives: [withoutLocal], listens: [] }, CLOCK).take(
      runRow({ startNs: wireMs(ms), handshakeNs }),
    ) !== undefined;
  t.true(found(2));
  t.false(found(0.5), 'before it was made');
  t.false(found(4), 'after it had failed');
  t.false(found(2, 200_000), 'another program reached what refused ours');
});

test('a client is found by its peer as the kernel has it, and a failed attempt at a wildcard at the loopback', (t) => {
  const attempt = { peer: { ...SERVER, address: '0.0.0.0' }, attempt: 1, startedAtNs: 0n };
  const connected = life('client', [event('finwait:socket:connect', 1)], { attempts: [attempt] });
  t.truthy(new LifeIndex({ lives: [connected], listens: [] }, CLOCK).take(runRow({ startNs: wireMs(0.5) })));
  const failed = { ...attempt, failed: { atNs: 3n * MS, code: 'ECONNREFUSED' } };
  const { local: _local, peer: _peer, ...refused } = life('client', [], { attempts: [failed] });
  const server = { ...SERVER, address: '127.0.0.1' };
  t.truthy(
    new LifeIndex({ lives: [refused], listens: [] }, CLOCK).take(
      runRow({ startNs: wireMs(0.5), server, handshakeNs: undefined }),
    ),
  );
});

test('a connection to a port where we listened is ours, accepted or not; others are not', (t) => {
  const thread = { cut: false, lastEventAtNs: 0n };
  const listen = { local: { address: '::', port: 80 }, pid: 1, fromNs: 10n * MS, toNs: 20n * MS, thread };
  const addresses = [SERVER.address];
  const index = new LifeIndex({ lives: [], listens: [listen], addresses }, CLOCK);
  t.is(index.take(runRow({ startNs: wireMs(15) }))?.listen, listen);
  t.is(index.take(runRow({ startNs: wireMs(25) })), undefined);
  t.is(index.take(runRow({ startNs: wireMs(15), server: { ...SERVER, port: 81 } })), undefined);
  const elsewhere = { ...listen, local: { address: '10.9.9.9', port: 80 } };
  t.is(
    new LifeIndex({ lives: [], listens: [elsewhere], addresses }, CLOCK).take(
      runRow({ startNs: wireMs(15) }),
    ),
    undefined,
  );
});

test('who listens on every address listens on those of the machine, not on the same port of others', (t) => {
  const thread = { cut: false, lastEventAtNs: 0n };
  const listen = { local: { address: '0.0.0.0', port: 443 }, pid: 1, fromNs: 0n, thread };
  const isOurs = (address: string, addresses: readonly string[] = [], lives: readonly SocketLife[] = []) =>
    new LifeIndex({ lives, listens: [listen], addresses }, CLOCK).take(
      runRow({ server: { address, port: 443 } }),
    ) !== undefined;
  t.false(isOurs('93.184.216.34', ['192.168.1.5']), 'the browser’s connection');
  t.true(isOurs('192.168.1.5', ['192.168.1.5']));
  t.true(isOurs('127.0.0.7'));
  t.true(isOurs('::1'));
  // Addresses come and go: what a socket of ours had is one as well.
  t.true(isOurs(SERVER.address, [], [serverAt(500, 1)]));
});

test('what was open before the capture is none of a listener that came later', (t) => {
  const thread = { cut: false, lastEventAtNs: 0n };
  const listen = { local: SERVER, pid: 1, fromNs: 5n * MS, thread };
  const taken = (opening: 'handshake' | 'midstream') =>
    new LifeIndex({ lives: [], listens: [listen] }, CLOCK).take(runRow({ opening }));
  t.is(taken('midstream'), undefined);
  // 'listening' is told when JS comes to it.
  t.is(taken('handshake')?.listen, listen);
});

test('of several that listen at one place, one record that is not whole leaves the accept unknown', (t) => {
  const whole = { cut: false, lastEventAtNs: 0n };
  const listen = { local: SERVER, pid: 1, fromNs: 0n, thread: whole };
  const unknown = (thread: SocketLife['thread']) =>
    new LifeIndex({ lives: [], listens: [listen, { ...listen, pid: 2, thread }] }, CLOCK).take(runRow())
      ?.acceptUnknown;
  t.is(unknown(whole), undefined);
  t.true(unknown({ cut: true, lastEventAtNs: 0n }));
  t.true(unknown({ ...whole, leftOut: true }));
});

test('a socket over a handle that was given to it is of the end that the wire shows', (t) => {
  const given = life('client', [event('finwait:socket:end-call', 3)], {
    local: SERVER,
    peer: CLIENT,
    attempts: [],
    handedOver: true,
  });
  const index = new LifeIndex({ lives: [given], listens: [] }, CLOCK);
  t.is(index.take(runRow())?.lives.server?.role, 'server');
  t.deepEqual(index.left, []);
});

test('what no packet tells of is left over, both ends of one connection together', (t) => {
  const lives = [serverAt(1, 2), clientAt(0, 1), clientAt(50, 3, { local: { ...CLIENT, port: 9 } })];
  const index = new LifeIndex({ lives, listens: [] }, CLOCK);
  const left = index.left.map(({ lives }) => [lives.client?.socket, lives.server?.socket]);
  t.deepEqual(left, [
    [1, 2],
    [3, undefined],
  ]);
});

/** Reset before it was accepted: the kernel could not tell its peer. */
function peerlessAt(ms: number, socket: number): SocketLife {
  const { peer: _peer, ...peerless } = serverAt(ms, socket);
  return peerless;
}

const LISTEN = { local: SERVER, pid: 1, fromNs: 0n, thread: { cut: false, lastEventAtNs: 0n } };

function resetRow(startMs: number, port: number): ConnectionRow {
  const client = { ...CLIENT, port };
  return runRow({ client, startNs: wireMs(startMs), durationNs: 1e6, ending: 'reset', resetBy: 'client' });
}

test('what was reset before it was accepted is found by the listener and time, a life each', (t) => {
  const lives = [peerlessAt(10, 1), peerlessAt(10.1, 2)];
  const index = new LifeIndex({ lives, listens: [LISTEN] }, CLOCK);
  const taken = [resetRow(1, 1), resetRow(2, 2), resetRow(3, 3), resetRow(11, 4)].map((row) =>
    index.take(row),
  );
  t.deepEqual(
    taken.map((joined) => joined?.lives.server?.socket),
    [1, 2, undefined, undefined],
  );
  t.is(taken[2]?.acceptUnknown, undefined, 'no life is left for it');
  t.deepEqual(index.left, []);
});

test('what was reset before it was accepted waits for the others: they are accepted in order, and reset in any', (t) => {
  const [a, b] = [resetRow(1, 1), resetRow(2, 2)];
  const resetLate = { ...a, durationNs: 8e6 };
  const index = new LifeIndex({ lives: [peerlessAt(10, 1), peerlessAt(10.1, 2)], listens: [LISTEN] }, CLOCK);
  // It ends first, so its row comes first.
  t.true(index.waitsForOthers(b));
  t.true(index.waitsForOthers(resetLate));
  t.is(index.take(resetLate)?.lives.server?.socket, 1);
  t.is(index.take(b)?.lives.server?.socket, 2);
  t.false(index.waitsForOthers(resetRow(3, 3)), 'no life is left to wait for');
  const known = new LifeIndex({ lives: [serverAt(3, 1), peerlessAt(10, 2)], listens: [LISTEN] }, CLOCK);
  t.false(known.waitsForOthers(resetRow(1, CLIENT.port)), 'its own life is known');
});

test('a life whose peer is not known is of none that was reset later, or not by the client', (t) => {
  const joined = (row: ConnectionRow) =>
    new LifeIndex({ lives: [peerlessAt(10, 1)], listens: [LISTEN] }, CLOCK).take(row);
  t.is(joined(resetRow(9.5, 1))?.lives.server, undefined);
  const open = joined(runRow({ ending: 'open' }));
  t.is(open?.lives.server, undefined);
  t.true(open?.acceptUnknown, 'the RST may not have been captured');
});

test('without packets, what was reset before it was accepted goes with the client that gave up before', (t) => {
  const reset = clientAt(0, 1);
  const gaveUp = { ...reset, events: [...reset.events, event('finwait:socket:reset-call', 2)] };
  const sockets = (client: SocketLife) =>
    new LifeIndex({ lives: [peerlessAt(10, 2), client], listens: [LISTEN] }, CLOCK).left.map(({ lives }) => [
      lives.client?.socket,
      lives.server?.socket,
    ]);
  t.deepEqual(sockets(gaveUp), [[1, 2]]);
  t.deepEqual(sockets(reset), [
    [1, undefined],
    [undefined, 2],
  ]);
});

test('a connection knows when the next of its ends began', (t) => {
  const lives = [clientAt(0, 1), serverAt(1, 2), clientAt(100, 3), serverAt(101, 4)];
  const index = new LifeIndex({ lives, listens: [] }, CLOCK);
  t.is(index.take(runRow({ startNs: wireMs(0.5) }))?.nextNs, wireMs(100));
  t.is(index.take(runRow({ startNs: wireMs(100.5) }))?.nextNs, undefined);
  const { left } = new LifeIndex({ lives, listens: [] }, CLOCK);
  t.deepEqual(
    left.map(({ nextNs }) => nextNs),
    [wireMs(100), undefined],
  );
});
