/** A peer process as a server, and its life and death. */
import test from 'ava';
import { isFinwaitError } from '../../harness/errors.ts';
import { builtFile, ChildProgram } from '../support/child-program.ts';
import { eventually } from '../support/eventually.ts';
import { LoggedPeer, moduleUrl } from '../support/peer-log.ts';
import { PlainServer, PlainSocket } from '../support/plain-socket.ts';
import { allEnded, descendantNamed, descendants, stillRunning } from '../support/processes.ts';

interface Listening extends AsyncDisposable {
  readonly log: LoggedPeer;
  readonly port: number;
}

const SERVER_ID = 7;

async function listen(behaviour: string, options: { readonly driven: boolean }): Promise<Listening> {
  const log = new LoggedPeer('server');
  const { port } = await log.peer.functions.listen({
    serverId: SERVER_ID,
    module: moduleUrl(behaviour),
    host: '127.0.0.1',
    port: 0,
    ...options,
  });
  return { log, port, [Symbol.asyncDispose]: () => log.peer.stop() };
}

test('an accepted socket is named before its first report', async (t) => {
  await using server = await listen('servers/half-open', { driven: true });
  using client = PlainSocket.connect(server.port);
  client.socket.write('x');
  await server.log.event(`${SERVER_ID}/1`, 'data');
  t.deepEqual(server.log.accepted, [{ serverId: SERVER_ID, socketId: `${SERVER_ID}/1` }]);
});

test('a connection that is reset before its socket is accepted still has all its reports', async (t) => {
  await using server = await listen('servers/half-open', { driven: true });
  for (let nth = 1; nth <= 20; nth++) {
    using client = PlainSocket.connect(server.port);
    client.socket.once('connect', () => client.socket.resetAndDestroy());
    await client.seen('close');
    await server.log.event(`${SERVER_ID}/${nth}`, 'close');
  }
  t.is(server.log.accepted.length, 20);
});

test('a driven server does nothing of its own accord', async (t) => {
  await using server = await listen('servers/half-open', { driven: true });
  using client = PlainSocket.connect(server.port);
  client.socket.end();
  await server.log.event(`${SERVER_ID}/1`, 'end');
  await server.log.peer.functions.tell(`${SERVER_ID}/1`, { verb: 'end', data: 'told' });
  await client.seen('close');
  t.is(client.text, 'told');
});

test('a server that is not driven does what its behaviour does alone', async (t) => {
  await using server = await listen('servers/half-open', { driven: false });
  using client = PlainSocket.connect(server.port);
  client.socket.end();
  await client.seen('close');
  t.is(client.text, 'late reply\n');
});

test('what Node calls by itself is marked as Node’s: auto-end and autoDestroy', async (t) => {
  await using server = await listen('servers/auto-end', { driven: true });
  using client = PlainSocket.connect(server.port);
  client.socket.end();
  await server.log.event(`${SERVER_ID}/1`, 'close');
  const calls = server.log.calls(`${SERVER_ID}/1`).filter((call) => !call.startsWith('resume'));
  t.deepEqual(calls, ['end by node', 'destroy by node']);
});

test('unlisten frees the port and destroys what was accepted', async (t) => {
  await using server = await listen('servers/never-ends', { driven: true });
  using client = PlainSocket.connect(server.port);
  await eventually('the accepted socket', () => server.log.accepted[0]);
  await server.log.peer.functions.unlisten(SERVER_ID);
  await client.seen('end');
  using late = PlainSocket.connect(server.port);
  await late.seen('ECONNREFUSED');
  t.deepEqual(server.log.calls(`${SERVER_ID}/1`).at(-1), 'destroy');
});

test('a port that is taken rejects with EADDRINUSE', async (t) => {
  using taken = await PlainServer.listen();
  await using log = new LoggedPeer('server');
  const module = moduleUrl('servers/echo');
  const listening = log.peer.functions.listen({
    serverId: SERVER_ID,
    module,
    driven: true,
    host: '127.0.0.1',
    port: taken.port,
  });
  await t.throwsAsync(listening, { code: 'EADDRINUSE' });
});

test('a module that exports no behaviour is a TypeError that names it', async (t) => {
  await using log = new LoggedPeer('client');
  const module = moduleUrl('harness/options');
  const to = { address: '127.0.0.1', port: 1 };
  const connecting = log.peer.functions.connect({ socketId: '1', module, driven: true, to });
  await t.throwsAsync(connecting, { instanceOf: TypeError, message: /options\.js exports no "behaviour"/ });
});

test('a peer survives a behaviour that says a lot on stderr', async (t) => {
  await using server = await listen('test/support/behaviours/chatty', { driven: true });
  using client = PlainSocket.connect(server.port);
  client.socket.write('x');
  t.is((await server.log.event(`${SERVER_ID}/1`, 'data')).bytes, 1);
});

test('stop ends the process and is idempotent; later calls reject with ERR_FINWAIT_PROCESS_ENDED', async (t) => {
  const { log } = await listen('servers/echo', { driven: true });
  const processes = descendants(process.pid).filter(({ pid }) => pid === log.peer.pid);
  t.is(processes.length, 1);
  await Promise.all([log.peer.stop(), log.peer.stop()]);
  t.deepEqual(stillRunning(processes), []);
  t.deepEqual(await log.peer.ended, { reason: undefined });
  const error = await t.throwsAsync(log.peer.functions.unlisten(SERVER_ID));
  t.true(isFinwaitError(error) && error.code === 'ERR_FINWAIT_PROCESS_ENDED');
});

test('a peer that is killed says so, and pending and later calls reject', async (t) => {
  const log = new LoggedPeer('client');
  const pending = log.peer.functions.tell('none', { verb: 'pause' });
  process.kill(log.peer.pid, 'SIGKILL');
  await t.throwsAsync(pending, { code: 'ERR_FINWAIT_PROCESS_ENDED', message: /the client peer is gone/ });
  t.regex((await log.peer.ended).reason ?? '', /SIGKILL/);
  await t.throwsAsync(log.peer.functions.tell('none', { verb: 'pause' }), {
    code: 'ERR_FINWAIT_PROCESS_ENDED',
  });
});

test('a peer whose behaviour throws ends, and says why', async (t) => {
  const server = await listen('test/support/behaviours/crashes', { driven: false });
  using _client = PlainSocket.connect(server.port);
  t.regex((await server.log.peer.ended).reason ?? '', /this behaviour is broken/);
});

test('a peer ends when the process that started it is killed', async (t) => {
  await using owner = new ChildProgram(builtFile('test/support/programs/peer-owner.js'));
  await owner.line(/^listening$/);
  const peer = descendantNamed(owner.pid, /peer\/child\.js/);
  owner.kill('SIGKILL');
  await allEnded([peer]);
  t.pass();
});
