/** Each server program by hand: started from the shell as anyone would, and spoken to by a plain socket. */
import { readdirSync } from 'node:fs';
import tls from 'node:tls';
import test from 'ava';
import { PRE_SHARED_KEY, TLS_OPTIONS } from '../../harness/peer/pre-shared-key.ts';
import { builtFile, ChildProgram } from '../support/child-program.ts';
import { until } from '../support/eventually.ts';
import { PlainSocket } from '../support/plain-socket.ts';
import { requireSs, socketShown } from '../support/socket-shown.ts';

interface Started extends AsyncDisposable {
  readonly program: ChildProgram;
  readonly client: PlainSocket;
  readonly port: number;
}

async function startServer(name: string): Promise<Started> {
  const program = new ChildProgram(builtFile(`servers/${name}.js`), ['--port', '0']);
  const port = Number(/:(\d+): /.exec(await program.line(/^listening on 127\.0\.0\.1:/))?.[1]);
  const client = PlainSocket.connect(port);
  await client.seen('connect');
  return {
    program,
    client,
    port,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await program[Symbol.asyncDispose]();
    },
  };
}

/** Position of the first line that matches; the line must be there. */
function indexOf(lines: readonly string[], pattern: RegExp): number {
  const index = lines.findIndex((line) => pattern.test(line));
  if (index === -1) throw new Error(`no line ${String(pattern)} in ${lines.join('\n')}`);
  return index;
}

test('half-open sends its late reply only after our FIN, and its own FIN behind it', async (t) => {
  await using server = await startServer('half-open');
  const { client, program } = server;
  client.socket.write('request\n');
  await program.line(/'data' {2}8 bytes/);
  t.is(client.text, '');
  client.socket.end();
  await client.read('late reply\n');
  await client.seen('close');
  t.deepEqual(client.events, ['connect', 'end', 'close']);
  await program.line(/'close'/);
  t.true(indexOf(program.lines, /'end'/) < indexOf(program.lines, /end\(\) {2}11 bytes/));
});

test('auto-end lets Node send its FIN as soon as ours is read', async (t) => {
  await using server = await startServer('auto-end');
  server.client.socket.end();
  await server.client.seen('close');
  t.deepEqual(server.client.events, ['connect', 'end', 'close']);
  t.regex(await server.program.line(/ end\(\)/), /end\(\) {2}by Node/);
});

test('echo sends back what it reads, and its FIN after ours', async (t) => {
  await using server = await startServer('echo');
  const { client } = server;
  client.socket.write('once ');
  await client.read('once ');
  client.socket.end('more');
  await client.seen('close');
  t.is(client.text, 'once more');
  t.deepEqual(client.events, ['connect', 'end', 'close']);
});

test('never-reads leaves octets and FIN in the kernel, and sees no event of them', async (t) => {
  if (!requireSs(t)) return;
  await using server = await startServer('never-reads');
  server.client.socket.end('12345');
  // A waiting FIN counts one.
  await socketShown(server.port, ({ state, receiveQueue }) => state === 'CLOSE-WAIT' && receiveQueue === 6);
  t.deepEqual(
    server.program.lines.filter((line) => /'(data|end|close)'/.test(line)),
    [],
  );
});

test('never-ends reads our FIN and stays in CLOSE-WAIT', async (t) => {
  if (!requireSs(t)) return;
  await using server = await startServer('never-ends');
  server.client.socket.end('12345');
  await server.program.line(/'end'/);
  const { receiveQueue } = await socketShown(server.port, ({ state }) => state === 'CLOSE-WAIT');
  t.is(receiveQueue, 0);
  t.deepEqual(server.client.events, ['connect']);
});

test('destroys-on-data closes with a FIN, as it has read everything', async (t) => {
  await using server = await startServer('destroys-on-data');
  server.client.socket.write('x');
  await server.client.seen('end');
  t.deepEqual(server.client.events, ['connect', 'end']);
  t.notRegex(await server.program.line(/ destroy\(\)/), /by Node/);
});

test('resets-on-data resets: the client sees ECONNRESET', async (t) => {
  await using server = await startServer('resets-on-data');
  server.client.socket.write('x');
  await server.client.seen('close');
  t.deepEqual(server.client.events, ['connect', 'ECONNRESET', 'close']);
  t.notRegex(await server.program.line(/ resetAndDestroy\(\)/), /by Node/);
});

test('slow-reader takes at most 1 KiB at a time, to the end, and then ends', async (t) => {
  await using server = await startServer('slow-reader');
  const { client, program } = server;
  client.socket.end('x'.repeat(4000));
  await client.seen('close');
  t.deepEqual(client.events, ['connect', 'end', 'close']);
  await program.line(/'close'/);
  const taken = program.lines.flatMap((line) => /'data' {2}(\d+) bytes/.exec(line)?.[1] ?? []).map(Number);
  t.true(taken.every((bytes) => bytes <= 1024));
  t.is(
    taken.reduce((sum, bytes) => sum + bytes, 0),
    4000,
  );
});

test('replies-on-end is in time in its end handler, and too late once it has ended', async (t) => {
  await using server = await startServer('replies-on-end');
  server.client.socket.end('request\n');
  await server.client.read('just in time\n');
  await server.client.seen('close');
  await server.program.line(/'error' {2}EPIPE/);
  t.deepEqual(server.client.events, ['connect', 'end', 'close']);
});

test('http answers one request at once, and keeps the connection for the next', async (t) => {
  await using server = await startServer('http');
  const { client } = server;
  const answers = (): number => client.text.split('here you are\n').length - 1;
  for (const count of [1, 2]) {
    client.socket.write('GET /now HTTP/1.1\r\nHost: finwait.test\r\n\r\n');
    await until(`answer ${count}`, () => answers() === count);
  }
  t.deepEqual(client.events, ['connect']);
});

test('tls takes whoever knows its key, and answers our end with its own', async (t) => {
  await using server = await startServer('tls');
  const socket = tls.connect({
    ...TLS_OPTIONS,
    port: server.port,
    pskCallback: () => ({ psk: PRE_SHARED_KEY, identity: 'test' }),
    checkServerIdentity: () => undefined,
  });
  using plain = new PlainSocket(socket);
  socket.end('abc');
  await server.program.line(/'data' {2}3 bytes/);
  await plain.seen('close');
  t.deepEqual(plain.events, ['connect', 'end', 'close']);
});

test('hands-over-sockets lets another process serve what it accepts', async (t) => {
  await using server = await startServer('hands-over-sockets');
  const { client, program } = server;
  await client.read('a worker has you\n');
  client.socket.write('who is there?\n');
  await client.read('a worker has you\ngoodbye from the worker\n');
  t.false(program.lines.some((line) => line.includes("'data'")));
});

test('hands-over-listener shares its listener: one of two processes serves', async (t) => {
  await using server = await startServer('hands-over-listener');
  const { client } = server;
  await until('a greeting', () => client.text.endsWith('has you\n'));
  t.regex(client.text, /^(a worker|who listens) has you\n$/);
});

test('a port that is taken is an error in one line, exit code 1', async (t) => {
  await using server = await startServer('echo');
  await using second = new ChildProgram(builtFile('servers/echo.js'), ['--port', String(server.port)]);
  t.deepEqual(await second.ended(), { exitCode: 1, signal: null });
  t.regex(second.stderr, /^listen EADDRINUSE.*\n$/);
});

const SERVERS = readdirSync(builtFile('servers')).filter((file) => file.endsWith('.js'));

test('every server program is tested here', (t) => {
  t.deepEqual(SERVERS.sort(), [
    'auto-end.js',
    'destroys-on-data.js',
    'echo.js',
    'half-open.js',
    'hands-over-listener.js',
    'hands-over-sockets.js',
    'http.js',
    'never-ends.js',
    'never-reads.js',
    'replies-on-end.js',
    'resets-on-data.js',
    'slow-reader.js',
    'tls.js',
  ]);
});
