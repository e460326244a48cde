import { rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { findProgram } from '../../harness/install-hint.ts';
import { finwait } from '../support/finwait.ts';
import { descendants } from '../support/processes.ts';
import { requireCapability } from '../support/require.ts';
import { startProgram, WAITS_FOR_SIGINT } from '../support/running-program.ts';
import { programPath, temporaryDirectory, toldAgain, watchedRun } from '../support/watched-run.ts';
import { writeProgram } from '../support/write-program.ts';

const NODE = process.execPath;

/** A PATH on which a tool is a shell script. */
async function pathWith(t: ExecutionContext, tool: string, script: string): Promise<string> {
  const folder = await temporaryDirectory(t);
  const stub = join(folder, tool);
  writeProgram(stub, `#!/bin/sh\n${script}\n`);
  return `${folder}:${process.env['PATH'] ?? ''}`;
}

test('without the right to capture, JS and ss still tell, and the report says what is missing', async (t) => {
  const directory = join(await temporaryDirectory(t), 'run');
  const refusal = "any: You don't have permission to capture on that device";
  const PATH = await pathWith(t, 'tcpdump', `echo "tcpdump: ${refusal}" >&2; exit 1`);
  const { exitCode, stderr } = await finwait(
    ['run', '--out', directory, '--', NODE, programPath('many-endings')],
    { env: { PATH, COLUMNS: '100' } },
  );
  t.is(exitCode, 3);
  t.true(stderr.includes('missing  wire: tcpdump cannot open "any"'), stderr);
  t.true(stderr.includes('To see packets: finwait run --private'), stderr);
  const { connections, report } = await toldAgain(directory);
  t.is(report.coverage.wire, 0);
  t.is(connections.length, 6, stderr);
  const endings = connections.map(({ ending }) => ending).sort();
  t.deepEqual(endings, ['closed', 'closed', 'failed', 'half-closed', 'open', 'reset']);
});

test('a capture that dies is said to have died, and when', async (t) => {
  const PATH = await pathWith(
    t,
    'tcpdump',
    'echo "tcpdump: listening on any, link-type LINUX_SLL2 (Linux cooked v2)" >&2; kill -9 $$',
  );
  const directory = join(await temporaryDirectory(t), 'run');
  const { exitCode, stderr } = await finwait(
    ['run', '--out', directory, '--', NODE, programPath('many-endings')],
    { env: { PATH, COLUMNS: '200' } },
  );
  t.is(exitCode, 3);
  t.regex(
    stderr,
    /missing {2}wire: tcpdump ended \d+\.\d s after it began, before it was told to \(signal 9\)$/m,
  );
  t.false(stderr.includes('the last packets'), stderr);
  t.is((await toldAgain(directory)).connections.length, 6);
});

test('a real tcpdump that is killed in the middle leaves what it had seen', async (t) => {
  const { directory, finwait: running } = await startProgram(t);
  const tcpdump = descendants(running.pid ?? 0).find(({ commandLine }) => commandLine.startsWith('tcpdump '));
  if (tcpdump !== undefined) process.kill(tcpdump.pid, 'SIGKILL');
  running.kill('SIGINT');
  await running;
  if (!requireCapability(t, 'capture', tcpdump === undefined ? 'no tcpdump was started' : undefined)) return;
  const { report, connections } = await toldAgain(directory);
  t.true(
    report.damage.some(({ detail }) => detail.includes('(signal 9)')),
    JSON.stringify(report.damage),
  );
  t.is(connections.length, 1);
});

test('the program starts only when ss has looked, so that what it finds later is known to be new', async (t) => {
  const ss = findProgram('ss');
  const missing = ss === undefined ? 'no ss (iproute2)' : undefined;
  if (!requireCapability(t, 'ss', missing) || ss === undefined) return;
  const folder = await temporaryDirectory(t);
  const looked = join(folder, 'looked');
  const PATH = await pathWith(t, 'ss', `'${ss}' "$@" && touch '${looked}'`);
  const command = ['sh', '-c', `test -e '${looked}'`];
  const { exitCode, stderr } = await finwait(['run', '--out', join(folder, 'run'), '--', ...command], {
    env: { PATH },
  });
  t.is(exitCode, 0, stderr);
});

test('a Node process that left no record is named', async (t) => {
  const nodeFlags = ['--experimental-permission', '--allow-fs-read=*'];
  const { directory, finwait: running, ready } = await startProgram(t, WAITS_FOR_SIGINT, { nodeFlags });
  // It is finwait that passes the signal on, so that it has looked before the program ends.
  running.kill('SIGINT');
  const { exitCode, stderr } = await running;
  t.is(exitCode, 7, stderr);
  const { report } = await toldAgain(directory);
  const [none, named] = report.damage.filter(({ lane }) => lane === 'node').map(({ detail }) => detail);
  t.is(none, 'no Node process left a record');
  t.true(named?.startsWith(`process ${ready.replace('ready ', '')} (`), named);
  t.true(named?.includes(' ran Node and left no record: '), named);
});

test('a program that is no Node is not missed', async (t) => {
  const run = await watchedRun(t, ['sh', '-c', 'true']);
  if (run === undefined) return;
  const details = run.report.damage.map(({ detail }) => detail);
  t.deepEqual(details, ['no Node process left a record']);
});

test('sockets that a record has no more room for are counted', async (t) => {
  const script = `
    const net = require('node:net');
    let left = 400;
    const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
      const next = () => left-- === 0 ? server.close()
        : net.connect(server.address().port, '127.0.0.1').resume().on('close', next);
      next();
    });`;
  const run = await watchedRun(t, [NODE, '-e', script], { env: { FINWAIT_RECORD_LIMIT: '20000' } });
  if (run === undefined) return;
  t.is(run.exitCode, 0);
  const lost = run.report.damage.filter(({ lane, kind }) => lane === 'node' && kind === 'reports-lost');
  t.is(lost.length, 1);
  t.regex(lost[0]?.detail ?? '', /^\d+ sockets were left out of records that had reached their limit$/);
  t.true(Number.parseInt(lost[0]?.detail ?? '', 10) > 100);
  t.regex(run.stderr, /JS of [\d,]+ of [\d,]+\s+known\s+own\s+ends/);
});

test('a program that removes its record ends as it would have ended', async (t) => {
  const cwd = await temporaryDirectory(t);
  for (const flags of [[], ['--live']]) {
    const command = ['run', ...flags, '--', 'sh', '-c', 'rm -rf .finwait; exit 3'];
    const { exitCode, stderr } = await finwait(command, { cwd });
    t.is(exitCode, 3);
    t.true(stderr.includes('finwait: ENOENT'), stderr);
    await rm(join(cwd, '.finwait'), { recursive: true, force: true });
  }
});

test('an interface that comes up while the program runs is said to be missing from the capture', async (t) => {
  const script = [
    'ip link add finwait-a type veth peer name finwait-b',
    'ip address add 10.9.8.7/24 dev finwait-a',
    'ip link set finwait-b up',
    'ip link set finwait-a up',
    // The kernel tells only some time later that it runs.
    'n=0; until ip link show finwait-a | grep -q "state UP" || [ $n -ge 2000 ]; do n=$((n + 1)); done',
  ];
  const run = await watchedRun(t, ['sh', '-c', script.join(' && ')]);
  if (run === undefined) return;
  const refused = run.exitCode === 0 ? undefined : run.stderr;
  if (!requireCapability(t, 'veth', refused)) return;
  const missed = run.report.damage.filter(({ kind }) => kind === 'interface-missed');
  t.is(missed.length, 1);
  t.regex(missed[0]?.detail ?? '', /^not captured, as it came up after the capture began: finwait-a\b/);
});

test('a capture that was cut later is told with what is left, and said to be cut', async (t) => {
  const run = await watchedRun(t, [NODE, programPath('many-endings')]);
  if (run === undefined) return;
  const path = join(run.directory, 'capture.pcap');
  await truncate(path, (await stat(path)).size - 10);
  const { report } = await toldAgain(run.directory);
  const [damage] = report.damage;
  t.is(damage?.kind, 'file-incomplete');
  t.regex(damage?.detail ?? '', /^the capture, at octet \d+: it ends after/);
});
