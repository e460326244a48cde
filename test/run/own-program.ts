import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openCaptureSource, type RunConnection } from '../../harness/index.ts';
import { causeText } from '../../harness/report/terminal/run-ladder.ts';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import { decodePacket } from '../../harness/wire/decode-packet.ts';
import { Decoding } from '../../harness/wire/decoding.ts';
import { finwait } from '../support/finwait.ts';
import { filesOf, lineOf, programPath, watchedRun } from '../support/watched-run.ts';

const NODE = process.execPath;
const PROGRAM = 'many-endings';

/** What sent each FIN and RST, in order: `server RST resetAndDestroy() programs/…`. */
function causes({ ties }: RunConnection): string[] {
  return ties
    .filter(({ segment }) => (segment.flags & 0x05) !== 0)
    .map(({ segment, cause }) => `${segment.from} ${cause === undefined ? '?' : causeText(cause)}`);
}

function hasCause(t: ExecutionContext, connection: RunConnection | undefined, cause: string): void {
  const told = connection === undefined ? [] : causes(connection);
  t.true(
    told.some((each) => each.startsWith(cause)),
    `${cause} is not among ${told.join('; ')}`,
  );
}

test('each ending of a program is told with the line that brought it about', async (t) => {
  const run = await watchedRun(t, [NODE, programPath(PROGRAM)]);
  if (run === undefined) return;
  t.is(run.exitCode, 3);
  t.is(run.stdout, 'ECONNRESET\nECONNREFUSED');
  const { connections } = run;
  t.is(connections.length, 6, run.stderr);
  const [ended, reset, refused, destroyed, paused, open] = [...connections].sort((a, b) => a.id - b.id);
  hasCause(t, ended, `server end() ${await lineOf(PROGRAM, 'server ends')}`);
  hasCause(t, ended, 'client end() by Node, allowHalfOpen: false');
  t.is(reset?.ending, 'reset');
  hasCause(t, reset, `server resetAndDestroy() ${await lineOf(PROGRAM, 'server resets')}`);
  t.is(reset?.ties.at(-1)?.effect?.what, 'error ECONNRESET');
  t.is(refused?.ending, 'refused');
  t.is(refused?.ties.at(-1)?.effect?.what, 'error ECONNREFUSED');
  hasCause(t, destroyed, `client destroy() ${await lineOf(PROGRAM, 'client destroys')}`);
  hasCause(t, paused, `client end() ${await lineOf(PROGRAM, 'client ends')}`);
  t.true(open !== undefined && causes(open).some((each) => each.includes('process exit, code 3')));
  for (const each of connections) {
    const syn = each.ties[0];
    const site = each === refused ? 'is refused' : 'connects';
    t.true(
      syn?.cause !== undefined && causeText(syn.cause).startsWith(`connect() ${await lineOf(PROGRAM, site)}`),
    );
  }
});

test('a FIN that a paused program never sees is told as a mismatch, with the line that paused', async (t) => {
  const run = await watchedRun(t, [NODE, programPath(PROGRAM)]);
  if (run === undefined) return;
  const mismatches = run.connections.flatMap(({ mismatches: each }) => each);
  t.deepEqual(
    mismatches.map(({ kind, side }) => `${side} ${kind}`),
    ['server fin-unnoticed'],
  );
  t.true(mismatches[0]?.text.includes(await lineOf(PROGRAM, 'server pauses')), mismatches[0]?.text);
  t.true(run.stderr.includes("never saw 'end'"));
});

test('every connection of the record has all its lanes', async (t) => {
  const run = await watchedRun(t, [NODE, programPath(PROGRAM)]);
  if (run === undefined) return;
  const { coverage, connections, damage } = run.report;
  t.deepEqual(damage, []);
  t.is(coverage.wire, connections);
  t.is(coverage.nodeTold, coverage.nodeSides);
});

test('the report at exit and the one of analyze are the same', async (t) => {
  const run = await watchedRun(t, [NODE, programPath(PROGRAM)]);
  if (run === undefined) return;
  const again = await finwait(['analyze', run.directory]);
  const withoutPaths = (text: string): string => text.replaceAll(/^(record|more) .*$(\n .*)*/gm, '').trim();
  t.is(withoutPaths(again.stdout), withoutPaths(run.stderr));
});

test('the capture keeps headers only, and of the run’s own connections only', async (t) => {
  const run = await watchedRun(t, [NODE, programPath(PROGRAM)]);
  if (run === undefined) return;
  t.deepEqual((await readdir(run.directory)).sort(), filesOf(run));
  const decoding = new Decoding();
  const payload: number[] = [];
  const ports = new Set<number>();
  const reader = new CaptureReader((bytes, start, captured, original, linkType, packet) => {
    decodePacket(linkType, bytes, start, captured, original, packet, decoding);
    payload.push(captured - decoding.headerBytes);
    ports.add(packet.sourcePort).add(packet.destinationPort);
  });
  const source = await openCaptureSource(join(run.directory, 'capture.pcap'));
  for await (const chunk of source.chunks) reader.push(chunk);
  reader.end();
  t.true(payload.length > 30);
  t.deepEqual([...new Set(payload)], [0]);
  const own = new Set(run.connections.flatMap(({ client, server }) => [client?.port, server.port]));
  t.deepEqual(
    [...ports].filter((port) => !own.has(port)),
    [],
  );
});

test('stdin, stdout, stderr and the environment are the program’s own', async (t) => {
  const script = `
    process.stdin.on('data', (data) => process.stdout.write('got ' + data));
    process.stderr.write('words of its own\\n');
    process.stdout.write(String(process.env.FINWAIT_RUN_NETWORK) + process.execArgv.length + process.argv.length + '\\n');`;
  const run = await watchedRun(t, [NODE, '-e', script], { input: 'input' });
  if (run === undefined) return;
  t.is(run.stdout, 'undefined21\ngot input');
  t.true(run.stderr.startsWith('words of its own\n'));
  t.is(run.report.connections, 0);
  t.true(run.stderr.includes('no TCP connections'));
});

test('a 4-tuple that is used again is as many connections as it was', async (t) => {
  const script = `
    const net = require('node:net');
    const server = net.createServer((socket) => socket.on('data', () => socket.resetAndDestroy())).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      let left = 5;
      const next = () => {
        if (left-- === 0) return server.close();
        const socket = net.connect({ port, host: '127.0.0.1', localPort: port - 1 });
        socket.on('error', () => {});
        socket.on('connect', () => socket.write('x'));
        socket.on('close', next);
      };
      next();
    });`;
  const run = await watchedRun(t, [NODE, '-e', script]);
  if (run === undefined) return;
  t.is(run.connections.length, 5);
  t.is(new Set(run.connections.map(({ client }) => client?.port)).size, 1);
  for (const { lives, ties } of run.connections) {
    t.truthy(lives.client);
    t.truthy(lives.server);
    t.is(ties.at(-1)?.cause?.what, 'resetAndDestroy()');
    t.is(ties.at(-1)?.effect?.what, 'error ECONNRESET');
  }
  const sockets = run.connections.map(({ lives }) => lives.client?.socket);
  t.is(new Set(sockets).size, 5);
});

test('what a client resets before it is accepted is accepted all the same', async (t) => {
  const client = `require('net').connect(+process.argv[1], '127.0.0.1', function () { this.resetAndDestroy(); });`;
  const script = `
    const net = require('node:net');
    let left = 2;
    const server = net.createServer((socket) => socket.resume().on('error', () => --left || server.close()))
      .listen(0, '127.0.0.1', () => {
        // While the loop stands still, in the accept queue.
        for (let i = left; i > 0; i--) require('node:child_process')
          .execFileSync(process.execPath, ['-e', ${JSON.stringify(client)}, String(server.address().port)]);
      });`;
  const run = await watchedRun(t, [NODE, '-e', script]);
  if (run === undefined) return;
  t.deepEqual(
    run.connections.map(({ mismatches, lives }) => [mismatches, lives.server?.peer, lives.server?.role]),
    [
      [[], undefined, 'server'],
      [[], undefined, 'server'],
    ],
    run.stderr,
  );
  const sockets = run.connections.map(({ lives }) => lives.server?.socket);
  t.is(new Set(sockets).size, 2);
});

test('with --port, only connections of that port are told', async (t) => {
  const script = `
    const net = require('node:net');
    const server = net.createServer((socket) => socket.end()).listen(47001, '127.0.0.1', () => {
      const other = net.createServer((socket) => socket.end()).listen(47002, '127.0.0.1', () => {
        net.connect(47001, '127.0.0.1').resume().on('close', () => {
          net.connect(47002, '127.0.0.1').resume().on('close', () => { server.close(); other.close(); });
        });
      });
    });`;
  const run = await watchedRun(t, [NODE, '-e', script], { flags: ['--private', '--port', '47002'] });
  if (run === undefined) return;
  t.deepEqual(
    run.connections.map(({ server, row }) => [server.port, row !== undefined]),
    [[47002, true]],
  );
});
