import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openCaptureSource, type RunConnection } from '../../harness/index.ts';
import { findProgram } from '../../harness/install-hint.ts';
import { causeText } from '../../harness/report/terminal/run-ladder.ts';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import { decodePacket } from '../../harness/wire/decode-packet.ts';
import { Decoding } from '../../harness/wire/decoding.ts';
import { finwait } from '../support/finwait.ts';
import { lineOf, programPath, temporaryDirectory, toldAgain, watchedRun } from '../support/watched-run.ts';

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
  t.deepEqual((await readdir(run.directory)).sort(), ['capture.pcap', 'node', 'run.json', 'sockets.jsonl']);
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

test('a program that is not there ends as a shell has it', async (t) => {
  const directory = join(await temporaryDirectory(t), 'run');
  const { exitCode, stderr } = await finwait(['run', '--out', directory, '--', 'no-such-program-here']);
  t.is(exitCode, 127);
  t.true(stderr.includes('no-such-program-here cannot be started: there is no such program'));
});

test('a folder of the PATH that refuses does not hide that a program is not there', async (t) => {
  const folder = await temporaryDirectory(t);
  // execve refuses a folder as it does what lies in a closed one; but root, too, whom no mode stops.
  await mkdir(join(folder, 'no-such-program-here'));
  const { exitCode, stderr } = await finwait(
    ['run', '--out', join(folder, 'run'), '--', 'no-such-program-here'],
    { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` } },
  );
  t.is(exitCode, 127);
  t.true(stderr.includes('no-such-program-here cannot be started: there is no such program'), stderr);
});

test('a program that may not be executed is said to be so', async (t) => {
  const folder = await temporaryDirectory(t);
  const program = join(folder, 'program');
  await writeFile(program, '#!/bin/sh\n', { mode: 0o600 });
  const { exitCode, stderr } = await finwait(['run', '--out', join(folder, 'run'), '--', program]);
  t.is(exitCode, 126);
  t.true(stderr.includes(`${program} cannot be started: it may not be executed`), stderr);
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

test('a directory that holds a run is not written over', async (t) => {
  const run = await watchedRun(t, [NODE, '-e', '']);
  if (run === undefined) return;
  const before = await readFile(join(run.directory, 'run.json'), 'utf8');
  const { exitCode, stderr } = await finwait(['run', '--out', run.directory, '--', NODE, '-e', '']);
  t.is(exitCode, 2);
  t.true(stderr.includes('there is a run in it already'));
  t.is(await readFile(join(run.directory, 'run.json'), 'utf8'), before);
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

test('with --live, openings and endings are told in order, before the report', async (t) => {
  const run = await watchedRun(t, [NODE, programPath(PROGRAM)], { flags: ['--private', '--live'] });
  if (run === undefined) return;
  const [live = ''] = run.stderr.split('\n\nfinwait ');
  const told = live.split('\n').filter((line) => /^ *\+\d/.test(line));
  const times = told.map((line) => Number(line.trim().split(' ')[0]));
  t.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  for (const [call, comment] of [
    ['end()', 'server ends'],
    ['resetAndDestroy()', 'server resets'],
    ['destroy()', 'client destroys'],
  ] as const) {
    const place = `${call} ${await lineOf(PROGRAM, comment)}`;
    t.true(
      told.some((line) => line.includes(place)),
      `${place} is not in\n${live}`,
    );
  }
  t.true(told.some((line) => line.endsWith('error ECONNRESET')));
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

test('child processes of the program are watched, too', async (t) => {
  const script = `
    const { fork } = require('node:child_process');
    const net = require('node:net');
    if (process.argv[2] === 'child') net.connect(Number(process.argv[3]), '127.0.0.1').end('from the child');
    else {
      const server = net.createServer((socket) => socket.resume().on('close', () => server.close()));
      server.listen(0, '127.0.0.1', () => fork(__filename, ['child', String(server.address().port)]));
    }`;
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'parent.cjs');
  await writeFile(file, script);
  const run = await watchedRun(t, [NODE, file]);
  if (run === undefined) return;
  const [connection] = run.connections;
  t.is(run.connections.length, 1);
  t.is(run.report.processes, 2);
  t.not(connection?.lives.client?.pid, connection?.lives.server?.pid);
  t.true(causes(connection as RunConnection)[0]?.startsWith('client end() '));
});

test('without a capture, JS and ss still tell, and the report says what is missing', async (t) => {
  const directory = join(await temporaryDirectory(t), 'run');
  const bin = await temporaryDirectory(t);
  // A PATH without tcpdump; where it lies in /usr/sbin, which is looked into too, this machine cannot be made to lack it.
  for (const tool of ['sh', 'ss']) await symlink(findProgram(tool) ?? '/nowhere', join(bin, tool));
  const options = { env: { PATH: bin, COLUMNS: '100' } };
  const { exitCode, stderr } = await finwait(
    ['run', '--out', directory, '--', NODE, programPath(PROGRAM)],
    options,
  );
  t.is(exitCode, 3);
  if (!stderr.includes('missing  wire: tcpdump is not on the PATH')) {
    t.log('skipped: tcpdump is found in /usr/sbin');
    return;
  }
  t.true(stderr.includes('Install it: apt-get install tcpdump'));
  const { connections, report } = await toldAgain(directory);
  t.is(report.coverage.wire, 0);
  t.is(connections.length, 6, stderr);
  const endings = connections.map(({ ending }) => ending).sort();
  t.deepEqual(endings, ['closed', 'closed', 'failed', 'half-closed', 'open', 'reset']);
});
