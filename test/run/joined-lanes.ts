import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import { findProgram } from '../../harness/install-hint.ts';
import { causeText } from '../../harness/report/terminal/run-ladder.ts';
import { eventually } from '../support/eventually.ts';
import { type CommandOptions, finwait } from '../support/finwait.ts';
import { requireCapability } from '../support/require.ts';
import { lineOf, programPath, temporaryDirectory, toldAgain, watchedRun } from '../support/watched-run.ts';

const NODE = process.execPath;
const MAIN = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));

/** The server never reads, the client ends; then both stay. */
const LEAK = `
  const net = require('node:net');
  const server = net.createServer(() => {}).listen(0, '127.0.0.1', () => {
    net.connect(server.address().port, '127.0.0.1').end('x').on('finish', () => console.log(process.pid));
  });`;

/** Resolves once `ss` has shown CLOSE-WAIT for 150 ms in a run. */
async function closeWaitSeen(directory: string): Promise<void> {
  await eventually('ss shows CLOSE-WAIT for a while', async () => {
    const lines = (await readFile(join(directory, 'sockets.jsonl'), 'utf8')).split('\n').slice(0, -1);
    const looks = lines.map((line) => JSON.parse(line) as { at: [string, string]; seen: unknown });
    const first = looks.findIndex((look) => JSON.stringify(look.seen).includes('CLOSE-WAIT'));
    const [from, to] = [looks[first], looks.at(-1)].map((look) => BigInt(look?.at[1] ?? 0));
    return first !== -1 && (to ?? 0n) - (from ?? 0n) >= 150_000_000n ? true : undefined;
  });
}

/** The leaking program in a network of its own, ended by SIGTERM; undefined, the test being skipped, without one. */
async function leakingRun(t: ExecutionContext, options: CommandOptions = {}) {
  const directory = join(await temporaryDirectory(t), 'run');
  let ended: Promise<void> | undefined;
  const { stderr } = await finwait(['run', '--out', directory, '--private', '--', NODE, '-e', LEAK], {
    ...options,
    onLine: (pid) => {
      ended = closeWaitSeen(directory).finally(() => process.kill(Number(pid), 'SIGTERM'));
    },
  });
  const refused = stderr.includes('ERR_FINWAIT_LAB_REFUSED') ? stderr : undefined;
  if (!requireCapability(t, 'private-network', refused)) return undefined;
  await ended;
  return { directory, stderr };
}

test('a CLOSE-WAIT leak is told though the program was ended by SIGTERM', async (t) => {
  const run = await leakingRun(t);
  if (run === undefined) return;
  const { directory, stderr } = run;
  const { connections, report } = await toldAgain(directory);
  t.is(connections.length, 1, stderr);
  t.deepEqual(
    connections[0]?.mismatches.map(({ kind, side }) => `${side} ${kind}`),
    ['server fin-unnoticed'],
    stderr,
  );
  t.is(report.groups[0]?.rank, 0);
  t.regex(stderr, /CLOSE-WAIT \((ss|kernel), for/);
  t.regex(stderr, /until the process\s+ended/);
});

test('without packets, ss and JS tell of it, and the ladder shows the states of both ends', async (t) => {
  const bin = await temporaryDirectory(t);
  for (const tool of ['sh', 'ss', 'ip', 'unshare'])
    await symlink(findProgram(tool) ?? '/nowhere', join(bin, tool));
  const run = await leakingRun(t, { env: { PATH: bin, COLUMNS: '120' } });
  if (run === undefined) return;
  const { directory, stderr } = run;
  const { connections, report } = await toldAgain(directory);
  if (report.coverage.wire > 0) {
    t.log('skipped: tcpdump is found in /usr/sbin');
    return;
  }
  const [connection] = connections;
  t.is(connection?.ending, 'half-closed');
  t.is(connection?.closedBy, 'client');
  const states = new Set(connection?.seenStates.map(({ side, state }) => `${side} ${state}`));
  t.true(states.has('server CLOSE-WAIT') && states.has('client FIN-WAIT-2'), [...states].join());
  t.deepEqual(
    connection?.mismatches.map(({ kind, side }) => `${side} ${kind}`),
    ['server fin-unnoticed'],
  );
  t.regex(stderr, /! a FIN came and the program never saw 'end'.*ss\s+showed its side in CLOSE-WAIT/s);
  const ladder = await finwait(['analyze', directory, '--connection', '1']);
  t.regex(ladder.stdout, /FIN-WAIT-[12] \(ss.*CLOSE-WAIT \(ss/);
  const where = await finwait(['analyze', directory, '--where', 'closedBy=client or rtt > 5']);
  t.true(where.stdout.includes('1 half-closed'), where.stdout);
});

test('a socket that was handed to a child is one connection, told with the child’s line', async (t) => {
  const run = await watchedRun(t, [NODE, programPath('handed-over')]);
  if (run === undefined) return;
  const [connection, ...others] = run.connections;
  t.deepEqual(others, [], run.stderr);
  t.is(connection?.ending, 'closed');
  t.deepEqual(connection?.mismatches, []);
  const fin = connection?.ties.find(({ segment }) => segment.from === 'server' && (segment.flags & 1) !== 0);
  const cause = fin?.cause === undefined ? 'none' : causeText(fin.cause);
  t.true(cause.startsWith(`end() ${await lineOf('handed-over', 'child ends')}`), cause);
  const { pid, holdersBefore } = connection?.lives.server ?? {};
  t.deepEqual(
    holdersBefore?.map((holder) => holder.pid),
    [connection?.lives.client?.pid],
  );
  t.true(run.stderr.includes(`, then ${pid ?? ''}`), run.stderr);
});

test('another program’s connection to another machine’s same port is none of the run’s', async (t) => {
  const directory = join(await temporaryDirectory(t), 'run');
  const enter = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-root-user', '--net'];
  const watched = [MAIN, 'run', '--out', directory, '--', NODE, programPath('same-port-elsewhere')];
  const { stdout, stderr, exitCode } = await execa(
    'unshare',
    [...enter, NODE, programPath('beside-a-foreigner'), NODE, ...watched],
    { reject: false },
  );
  const refused = exitCode === 1 || stdout.includes('no second network') ? `${stdout}${stderr}` : undefined;
  if (!requireCapability(t, 'two-networks', refused)) return;
  // Without root, tcpdump may not drop its privileges in a user namespace that maps one user.
  const blind = stderr.includes('missing  wire') ? stderr : undefined;
  if (!requireCapability(t, 'two-networks', blind)) return;
  const { connections, report } = await toldAgain(directory);
  t.is(report.coverage.wire, 1, stderr);
  t.deepEqual(
    connections.map(({ server }) => server),
    [{ address: '10.9.0.1', port: 18_080 }],
  );
  const rows = await finwait(['analyze', directory, '--columns', 'server']);
  t.false(rows.stdout.includes('10.9.0.2'), rows.stdout);
});

test('a record that reached its limit accuses nobody', async (t) => {
  const script = `
    const net = require('node:net');
    const server = net.createServer((socket) => socket.resume().end()).listen(0, '127.0.0.1', () => {
      let left = 300;
      const next = () => {
        if (left-- === 0) server.close();
        else net.connect(server.address().port, '127.0.0.1').resume().on('close', next);
      };
      next();
    });`;
  const run = await watchedRun(t, [NODE, '-e', script], { env: { FINWAIT_RECORD_LIMIT: '40000' } });
  if (run === undefined) return;
  t.true(
    run.report.damage.some(({ detail }) => detail.includes('left out of records')),
    run.stderr,
  );
  t.is(run.report.mismatches, 0, run.stderr);
});
