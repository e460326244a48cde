/** A peer's reports come from the observer of `harness/node`; test/node/ shows that it changes nothing. */
import net, { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import test from 'ava';
import type { JsReport } from '../../harness/model/observation.ts';
import { observeSocket } from '../../harness/peer/observe-socket.ts';
import { refusedEndpoint } from '../support/refused-endpoint.ts';

async function listen(accept: (socket: net.Socket) => void): Promise<net.Server> {
  const server = net.createServer(accept).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function observedSocket(): { readonly socket: net.Socket; readonly reports: JsReport[] } {
  const socket = new net.Socket();
  const reports: JsReport[] = [];
  observeSocket(socket, (report) => reports.push(report));
  return { socket, reports };
}

function called({ kind, name, by }: JsReport): string {
  return kind === 'call' ? `${name}()${by === 'node' ? ' by Node' : ''}` : name;
}

test('a client’s calls and events are reported in order, with both ends and the lines of the calls', async (t) => {
  const server = await listen((socket) => socket.resume());
  const { port } = server.address() as AddressInfo;
  const { socket, reports } = observedSocket();
  socket.connect(port, '127.0.0.1', () => {
    socket.write('eight by');
    socket.end();
  });
  socket.resume();
  await once(socket, 'close');
  server.close();
  const expected = [
    'connect()',
    'connect',
    'write()',
    'end()',
    'finish',
    'end',
    'destroy() by Node',
    'close',
  ];
  t.deepEqual(reports.map(called), expected);
  const [connectCall, connect, write, end] = reports;
  t.regex(connectCall?.site?.user?.file ?? '', /observe-socket\.js$/);
  t.is(connectCall?.by, 'program');
  t.like(connect, { peer: { address: '127.0.0.1', port } });
  t.is(write?.bytes, 8);
  t.regex(end?.site?.user?.file ?? '', /observe-socket\.js$/);
  t.true(reports.slice(1).every((report) => report.local !== undefined && report.peer !== undefined));
});

test('an accepted socket is reported with its ends, and Node’s own end() as Node’s', async (t) => {
  const reports: JsReport[] = [];
  let port = 0;
  const server = await listen((socket) => {
    observeSocket(socket, (report) => reports.push(report));
    socket.resume();
    socket.once('close', () => server.close());
  });
  port = (server.address() as AddressInfo).port;
  const client = net.connect(port, '127.0.0.1').end('bye');
  await Promise.all([once(client, 'close'), once(server, 'close')]);
  t.deepEqual(reports.map(called), ['data', 'end', 'end() by Node', 'finish', 'destroy() by Node', 'close']);
  t.like(reports[0], { bytes: 3, local: { address: '127.0.0.1', port } });
});

test('pause() and resume() are reported when they change something', async (t) => {
  const server = await listen((socket) => socket.resume());
  const { socket, reports } = observedSocket();
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('data', () => undefined);
  socket.pause();
  socket.pause();
  socket.resume();
  socket.destroy();
  await once(socket, 'close');
  server.close();
  const calls = reports.filter(({ kind }) => kind === 'call').map(called);
  t.deepEqual(calls, ['connect()', 'pause()', 'resume()', 'destroy()']);
});

test('a refused connection is reported with its error’s code', async (t) => {
  const { address, port } = await refusedEndpoint(t);
  const { socket, reports } = observedSocket();
  socket.connect(port, address);
  await t.throwsAsync(once(socket, 'connect'), { code: 'ECONNREFUSED' });
  await once(socket, 'close');
  t.deepEqual(reports.map(called), ['connect()', 'destroy() by Node', 'error', 'close']);
  t.is(reports.find(({ name }) => name === 'error')?.code, 'ECONNREFUSED');
  t.true(reports.at(-1)?.hadError);
});
