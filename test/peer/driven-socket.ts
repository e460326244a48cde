/** A peer process, driven over its IPC channel against a plain server of the test's own. */
import test from 'ava';
import { isFinwaitError } from '../../harness/errors.ts';
import type { SocketCommand } from '../../harness/peer/protocol.ts';
import { eventually } from '../support/eventually.ts';
import { LoggedPeer, moduleUrl } from '../support/peer-log.ts';
import { PlainServer, type PlainSocket } from '../support/plain-socket.ts';
import { refusedEndpoint } from '../support/refused-endpoint.ts';

interface Driven extends AsyncDisposable {
  readonly log: LoggedPeer;
  readonly accepted: PlainSocket;
  readonly port: number;
  tell(command: SocketCommand): Promise<void>;
}

const SOCKET = 'the socket';

/** A driven client peer, connected. */
async function connectPeer(behaviour = 'clients/half-close'): Promise<Driven> {
  const server = await PlainServer.listen();
  const log = new LoggedPeer('client');
  await log.peer.functions.connect({
    socketId: SOCKET,
    module: moduleUrl(behaviour),
    driven: true,
    to: { address: '127.0.0.1', port: server.port },
  });
  const accepted = await server.accepted;
  await log.event(SOCKET, 'connect');
  return {
    log,
    accepted,
    port: server.port,
    tell: async (command) => {
      await log.peer.functions.tell(SOCKET, command);
    },
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}

test('write makes one write() with those octets', async (t) => {
  await using driven = await connectPeer();
  const before = driven.log.calls(SOCKET).length;
  await driven.tell({ verb: 'write', data: 'grüße' });
  await driven.accepted.read('grüße');
  t.deepEqual(driven.log.calls(SOCKET).slice(before), ['write']);
  t.is(driven.log.of(SOCKET).findLast(({ name }) => name === 'write')?.bytes, 7);
});

test('end makes one end(), and the socket still reads', async (t) => {
  await using driven = await connectPeer();
  const before = driven.log.calls(SOCKET).length;
  await driven.tell({ verb: 'end' });
  await driven.accepted.seen('end');
  driven.accepted.socket.write('late');
  t.is((await driven.log.event(SOCKET, 'data')).bytes, 4);
  t.deepEqual(driven.log.calls(SOCKET).slice(before), ['end']);
});

test('end with data makes one end() with those octets', async (t) => {
  await using driven = await connectPeer();
  await driven.tell({ verb: 'end', data: new Uint8Array([104, 105]) });
  await driven.accepted.seen('end');
  t.is(driven.accepted.text, 'hi');
  t.is(driven.log.of(SOCKET).findLast(({ name }) => name === 'end')?.bytes, 2);
});

test('destroy makes one destroy()', async (t) => {
  await using driven = await connectPeer();
  const before = driven.log.calls(SOCKET).length;
  await driven.tell({ verb: 'destroy' });
  t.false((await driven.log.event(SOCKET, 'close')).hadError);
  t.deepEqual(driven.log.calls(SOCKET).slice(before), ['destroy']);
  await driven.accepted.seen('end');
});

test('resetAndDestroy makes one resetAndDestroy(); what Node calls for it is marked as Node’s', async (t) => {
  await using driven = await connectPeer();
  const before = driven.log.calls(SOCKET).length;
  await driven.tell({ verb: 'resetAndDestroy' });
  await driven.accepted.seen('ECONNRESET');
  await driven.log.event(SOCKET, 'close');
  const [first, ...others] = driven.log.calls(SOCKET).slice(before);
  t.is(first, 'resetAndDestroy');
  t.true(others.every((call) => call.endsWith(' by node')));
});

test('pause keeps later octets back, resume lets them come', async (t) => {
  await using driven = await connectPeer();
  await driven.tell({ verb: 'pause' });
  driven.accepted.socket.write('one');
  driven.accepted.socket.end();
  await driven.tell({ verb: 'resume' });
  await driven.log.event(SOCKET, 'end');
  const names = driven.log.names(SOCKET);
  t.true(names.indexOf('pause()') < names.lastIndexOf('resume()'));
  t.true(names.lastIndexOf('resume()') < names.indexOf("'data'"));
});

test('read takes as many octets as told from a socket that does not read by itself', async (t) => {
  await using driven = await connectPeer('test/support/behaviours/paused');
  driven.accepted.socket.write('123456789');
  const taken = await eventually('the first octets', async () => {
    await driven.tell({ verb: 'read', bytes: 4 });
    return driven.log.of(SOCKET).find(({ name }) => name === 'data');
  });
  t.is(taken.bytes, 4);
});

test('a socket that does not read reports no data and no end', async (t) => {
  await using driven = await connectPeer('test/support/behaviours/paused');
  driven.accepted.socket.end('123456789');
  await driven.tell({ verb: 'end' });
  await driven.accepted.seen('end');
  t.false(driven.log.names(SOCKET).some((name) => name === "'data'" || name === "'end'"));
});

test('every event is reported with its time, its ends and its octets, in order', async (t) => {
  const startedAtNs = process.hrtime.bigint();
  await using driven = await connectPeer();
  await driven.tell({ verb: 'write', data: 'hello' });
  await driven.accepted.read('hello');
  driven.accepted.socket.end('bye');
  await driven.log.event(SOCKET, 'end');
  await driven.tell({ verb: 'end' });
  await driven.log.event(SOCKET, 'close');
  const endedAtNs = process.hrtime.bigint();

  const reports = driven.log.of(SOCKET);
  const events = reports.filter(({ kind }) => kind === 'event');
  t.deepEqual(
    events.map(({ name }) => name),
    ['connect', 'data', 'end', 'finish', 'close'],
  );
  const times = [startedAtNs, ...reports.map(({ atNs }) => atNs), endedAtNs];
  t.deepEqual(
    times,
    times.toSorted((a, b) => Number(a - b)),
  );
  t.is(events[1]?.bytes, 3);
  // After 'close' too, when net has forgotten both.
  t.true(events.every(({ peer }) => peer?.port === driven.port && peer.address === '127.0.0.1'));
  const { remotePort } = driven.accepted.socket;
  t.true(events.every(({ local }) => remotePort === undefined || local?.port === remotePort));
});

test('a refused connection is reported as ECONNREFUSED and an end after an error', async (t) => {
  await using log = new LoggedPeer('client');
  await log.peer.functions.connect({
    socketId: SOCKET,
    module: moduleUrl('clients/refused'),
    driven: true,
    to: await refusedEndpoint(t),
  });
  t.is((await log.event(SOCKET, 'error')).code, 'ECONNREFUSED');
  t.true((await log.event(SOCKET, 'close')).hadError);
  t.false(log.names(SOCKET).includes("'connect'"));
});

test('a reset by the other end is reported as ECONNRESET', async (t) => {
  await using driven = await connectPeer();
  driven.accepted.socket.resetAndDestroy();
  t.is((await driven.log.event(SOCKET, 'error')).code, 'ECONNRESET');
  t.true((await driven.log.event(SOCKET, 'close')).hadError);
});

test('a write after a RST in CLOSE-WAIT is reported as EPIPE', async (t) => {
  await using driven = await connectPeer();
  // Nothing unread: a FIN. The first octets are answered by a RST, the next find a broken pipe.
  driven.accepted.socket.destroy();
  await driven.log.event(SOCKET, 'end');
  await driven.tell({ verb: 'write', data: 'first' });
  await driven.tell({ verb: 'write', data: 'second' });
  t.is((await driven.log.event(SOCKET, 'error')).code, 'EPIPE');
});

test('a socket that has closed cannot be told anything: ERR_FINWAIT_PEER_COMMAND', async (t) => {
  await using driven = await connectPeer();
  await driven.tell({ verb: 'destroy' });
  await driven.log.event(SOCKET, 'close');
  const error = await t.throwsAsync(driven.tell({ verb: 'write', data: 'x' }));
  t.true(isFinwaitError(error) && error.code === 'ERR_FINWAIT_PEER_COMMAND');
  t.is(error.message, `write: socket ${SOCKET} is closed`);
});

test('a verb that does not exist is a TypeError, on this side of the channel too', async (t) => {
  await using driven = await connectPeer();
  await t.throwsAsync(driven.tell({ verb: 'close' } as never), { instanceOf: TypeError, message: /"close"/ });
});
