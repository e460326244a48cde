/** Each client program by hand, against a plain server of the test's own. */
import { readdirSync } from 'node:fs';
import test from 'ava';
import { builtFile, ChildProgram } from '../support/child-program.ts';
import { until } from '../support/eventually.ts';
import { PlainServer, type PlainSocket } from '../support/plain-socket.ts';
import { refusedEndpoint } from '../support/refused-endpoint.ts';
import { requireSs, socketShown } from '../support/socket-shown.ts';

interface Started extends AsyncDisposable {
  readonly program: ChildProgram;
  /** The server's end. */
  readonly accepted: PlainSocket;
}

async function startClient(name: string): Promise<Started> {
  const server = await PlainServer.listen();
  const program = new ChildProgram(builtFile(`clients/${name}.js`), ['--port', String(server.port)]);
  const accepted = await server.accepted;
  return {
    program,
    accepted,
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]();
      await program[Symbol.asyncDispose]();
    },
  };
}

const ENDED_WELL = { exitCode: 0, signal: null };

test('connect-and-end sends its FIN at once and is gone after ours', async (t) => {
  await using client = await startClient('connect-and-end');
  await client.accepted.seen('end');
  t.is(client.accepted.text, '');
  client.accepted.socket.end();
  t.deepEqual(await client.program.ended(), ENDED_WELL);
  t.regex(await client.program.line(/ end\(\)/), /end\(\)$/);
  t.regex(await client.program.line(/'close'/), /'close'$/);
});

test('half-close sends its FIN behind the request and reads a reply that comes after', async (t) => {
  await using client = await startClient('half-close');
  await client.accepted.seen('end');
  t.is(client.accepted.text, 'request\n');
  client.accepted.socket.end('reply');
  t.deepEqual(await client.program.ended(), ENDED_WELL);
  await client.program.line(/'data' {2}5 bytes/);
});

test('destroy sends a FIN, as nothing is unread', async (t) => {
  await using client = await startClient('destroy');
  await client.accepted.seen('end');
  t.deepEqual(await client.program.ended(), ENDED_WELL);
  t.deepEqual(client.accepted.events, ['end']);
});

test('reset resets: the server sees ECONNRESET', async (t) => {
  await using client = await startClient('reset');
  await client.accepted.seen('close');
  t.deepEqual(client.accepted.events, ['ECONNRESET', 'close']);
  t.deepEqual(await client.program.ended(), ENDED_WELL);
});

test('never-ends writes its request and keeps its direction open after our FIN', async (t) => {
  if (!requireSs(t)) return;
  await using client = await startClient('never-ends');
  await client.accepted.read('request\n');
  client.accepted.socket.end();
  await client.program.line(/'end'/);
  await socketShown(client.accepted.socket.remotePort ?? 0, ({ state }) => state === 'CLOSE-WAIT');
  t.deepEqual(client.accepted.events, []);
});

test('refused finds a port where nobody listens, and gets ECONNREFUSED', async (t) => {
  await using program = new ChildProgram(builtFile('clients/refused.js'));
  t.deepEqual(await program.ended(), ENDED_WELL);
  await program.line(/'error' {2}ECONNREFUSED/);
  t.regex(await program.line(/'close'/), /after an error/);
});

test('refused takes an address and a port when it is given them', async (t) => {
  const { address, port } = await refusedEndpoint(t);
  const args = ['--host', address, '--port', String(port)];
  await using program = new ChildProgram(builtFile('clients/refused.js'), args);
  await program.ended();
  t.true((await program.line(/ECONNREFUSED/)).startsWith(`${address}:${port} `));
});

test('gives-up-early is connected and gone before it has heard of it', async (t) => {
  await using client = await startClient('gives-up-early');
  await client.accepted.seen('end');
  t.deepEqual(await client.program.ended(), ENDED_WELL);
  t.false(client.program.lines.some((line) => line.includes("'connect'")));
});

test('happy-eyeballs comes by IPv4 when nobody listens on IPv6', async (t) => {
  await using client = await startClient('happy-eyeballs');
  await client.program.line(/'connect'/);
  client.accepted.socket.end();
  t.deepEqual(await client.program.ended(), ENDED_WELL);
  t.deepEqual(client.accepted.events, ['end', 'close']);
});

test('http sends a request as soon as it is connected', async (t) => {
  await using client = await startClient('http');
  await until('a request', () => client.accepted.text.endsWith('\r\n\r\n'));
  t.regex(client.accepted.text, /^GET \/now HTTP\/1\.1\r\n/);
  t.regex(client.accepted.text, /connection: keep-alive\r\n/i);
});

test('tls says hello in TLS', async (t) => {
  await using client = await startClient('tls');
  await until('a ClientHello', () => client.accepted.text.length > 5);
  // Handshake (22), version 3.x: RFC 8446 §5.1.
  t.regex(client.accepted.text, /^\x16\x03/);
});

test('every client program is tested here', (t) => {
  const clients = readdirSync(builtFile('clients')).filter((file) => file.endsWith('.js'));
  t.deepEqual(clients.sort(), [
    'connect-and-end.js',
    'destroy.js',
    'gives-up-early.js',
    'half-close.js',
    'happy-eyeballs.js',
    'http.js',
    'never-ends.js',
    'refused.js',
    'reset.js',
    'tls.js',
  ]);
});
