/** Watching must not change what is watched: the same small program with and without the observer. */
import net from 'node:net';
import test from 'ava';
import type { JsReport } from '../../harness/model/observation.ts';
import { observeSocket } from '../../harness/peer/observe-socket.ts';
import { builtFile, ChildProgram } from '../support/child-program.ts';

interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function outcome(...args: readonly string[]): Promise<Outcome> {
  await using program = new ChildProgram(builtFile('test/support/programs/observed.js'), args);
  const { exitCode } = await program.ended();
  return { exitCode, stdout: program.stdout, stderr: program.stderr };
}

test('a program sees the same listeners and the same events in the same order', async (t) => {
  const plain = await outcome('plain', 'close');
  t.deepEqual(await outcome('observed', 'close'), plain);
  // The comparison means something only if the program came to its end.
  t.is(plain.exitCode, 0);
  for (const line of ['client connect', 'server data', 'server end', 'client end', 'client close']) {
    t.true(plain.stdout.includes(line), line);
  }
});

test('an error that nobody listens to still ends the program', async (t) => {
  const plain = await outcome('plain', 'crash');
  const observed = await outcome('observed', 'crash');
  t.is(plain.exitCode, 1);
  t.is(observed.exitCode, 1);
  for (const { stderr } of [plain, observed]) {
    t.regex(stderr, /Unhandled 'error' event/);
    t.regex(stderr, /code: 'ECONNREFUSED'/);
  }
});

function observedSocket(): { readonly socket: net.Socket; readonly reports: JsReport[] } {
  const socket = new net.Socket();
  const reports: JsReport[] = [];
  observeSocket(socket, (report) => reports.push(report));
  return { socket, reports };
}

test('no listener is added and nothing starts to flow', (t) => {
  const plain = new net.Socket();
  const { socket } = observedSocket();
  t.deepEqual(socket.eventNames(), plain.eventNames());
  for (const name of plain.eventNames()) t.is(socket.listenerCount(name), plain.listenerCount(name));
  t.is(socket.readableFlowing, plain.readableFlowing);
  t.deepEqual(Object.keys(socket), Object.keys(plain));
});

test('a method that the program puts in place of net’s is called, and observed', (t) => {
  const { socket, reports } = observedSocket();
  const own: unknown[] = [];
  socket.write = (...args: unknown[]) => {
    own.push(args[0]);
    return true;
  };
  t.true(socket.write('four'));
  t.deepEqual(own, ['four']);
  t.like(reports[0], { kind: 'call', name: 'write', by: 'program', bytes: 4 });
  t.is(reports.length, 1);
});

test('a call returns what it would return, and throws what it would throw', (t) => {
  const { socket, reports } = observedSocket();
  t.is(socket.pause(), socket);
  t.is(socket.destroy(), socket);
  const { socket: other } = observedSocket();
  t.throws(() => other.connect({ port: 70_000 }), { code: 'ERR_SOCKET_BAD_PORT' });
  t.deepEqual(
    reports.map(({ name }) => name),
    ['pause', 'destroy'],
  );
});
