/** Options of server and client programs, and what they can be told beyond a socket's own methods. */
import test from 'ava';
import type { Endpoint } from '../../harness/model/endpoint.ts';
import type { ClientOptions, ServerOptions } from '../../harness/peer/protocol.ts';
import { eventually } from '../support/eventually.ts';
import { LoggedPeer, moduleUrl } from '../support/peer-log.ts';

async function listen(
  peer: LoggedPeer,
  options: ServerOptions = {},
  server = 'half-open',
): Promise<Endpoint> {
  return await peer.peer.functions.listen({
    serverId: 1,
    module: moduleUrl(`servers/${server}`),
    driven: true,
    host: '127.0.0.1',
    port: 0,
    options,
  });
}

async function connect(
  peer: LoggedPeer,
  to: Endpoint,
  options: ClientOptions = {},
  socketId = 'client',
): Promise<Endpoint | undefined> {
  const module = moduleUrl('clients/half-close');
  return await peer.peer.functions.connect({ socketId, module, driven: true, to, options });
}

test('a client’s own end is known once it is told to connect, before it is connected', async (t) => {
  await using peer = new LoggedPeer('both');
  const to = await listen(peer);
  const local = await connect(peer, to);
  t.is(local?.address, '127.0.0.1');
  const connected = await peer.event('client', 'connect');
  t.deepEqual(connected.local, local);
});

test('a server’s allowHalfOpen goes before its behaviour’s: Node ends the side by itself', async (t) => {
  await using peer = new LoggedPeer('both');
  const to = await listen(peer, { allowHalfOpen: false });
  await connect(peer, to);
  await peer.event('client', 'connect');
  await peer.peer.functions.tell('client', { verb: 'end' });
  await peer.event('client', 'end');
  t.true(peer.calls('1/1').includes('end by node'));
});

test('pauseOnConnect leaves a server’s octets unread', async (t) => {
  await using peer = new LoggedPeer('both');
  const to = await listen(peer, { pauseOnConnect: true });
  await connect(peer, to);
  await peer.event('client', 'connect');
  await peer.peer.functions.tell('client', { verb: 'end', data: 'unread' });
  await peer.event('client', 'finish');
  await eventually('the accepted socket', () => peer.accepted[0]);
  t.false(peer.names('1/1').includes("'data'"));
  await peer.peer.functions.tell('1/1', { verb: 'resume' });
  await peer.event('1/1', 'end');
});

test('a server over its maxConnections reports whom it dropped', async (t) => {
  await using peer = new LoggedPeer('both');
  const to = await listen(peer, { maxConnections: 1 });
  await connect(peer, to);
  await peer.event('client', 'connect');
  await eventually('the accepted socket', () => peer.accepted[0]);
  const second = await connect(peer, to, {}, 'second');
  const drop = await eventually('server:drop', () =>
    peer.serverReports.find(({ name }) => name === 'server:drop'),
  );
  t.deepEqual(drop.peer, second);
  t.deepEqual(drop.local, to);
});

test('an abortable client is aborted before it is connected; another is told that it is none', async (t) => {
  await using peer = new LoggedPeer('both');
  const to = await listen(peer);
  await connect(peer, to, { abortable: true });
  await peer.peer.functions.tell('client', { verb: 'abort' });
  const error = await peer.event('client', 'error');
  t.is(error.code, 'ABORT_ERR');
  await connect(peer, to, {}, 'second');
  await t.throwsAsync(peer.peer.functions.tell('second', { verb: 'abort' }), {
    code: 'ERR_FINWAIT_PEER_COMMAND',
    message: /abortable/,
  });
});

test('a timeout is told and closes nothing', async (t) => {
  await using peer = new LoggedPeer('both');
  const to = await listen(peer);
  await connect(peer, to);
  await peer.event('client', 'connect');
  await peer.peer.functions.tell('client', { verb: 'limitIdle', ms: 20 });
  await peer.event('client', 'timeout');
  await peer.peer.functions.tell('client', { verb: 'destroySoon' });
  await peer.event('client', 'close');
  t.true(peer.names('client').includes("'finish'"));
});

test('server.close() is reported as a call, and its close once the last connection is gone', async (t) => {
  await using peer = new LoggedPeer('both');
  const to = await listen(peer);
  await connect(peer, to);
  await peer.event('client', 'connect');
  await eventually('the accepted socket', () => peer.accepted[0]);
  await peer.peer.functions.tellServer(1, { verb: 'stopListening' });
  const names = (): readonly string[] => peer.serverReports.map(({ name }) => name);
  t.true(names().includes('server.close'));
  t.false(names().includes('server:close'));
  await peer.peer.functions.tell('client', { verb: 'destroy' });
  await peer.peer.functions.tell('1/1', { verb: 'destroy' });
  await eventually('server:close', () => names().find((name) => name === 'server:close'));
});

test('an action that the behaviour does not have is refused with those that it has', async (t) => {
  await using peer = new LoggedPeer('both');
  const to = await listen(peer);
  await connect(peer, to);
  await t.throwsAsync(peer.peer.functions.tell('client', { verb: 'act', what: 'dance' }), {
    code: 'ERR_FINWAIT_PEER_COMMAND',
    message: /no action "dance"/,
  });
  await t.throwsAsync(peer.peer.functions.tellServer(9, { verb: 'stopListening' }), {
    code: 'ERR_FINWAIT_PEER_COMMAND',
    message: /server 9/,
  });
});
