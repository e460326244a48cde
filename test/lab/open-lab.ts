import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import { findProgram } from '../../harness/install-hint.ts';
import { openLab } from '../../harness/lab/open-lab.ts';
import { builtFile, ChildProgram } from '../support/child-program.ts';
import { LAB_PARTS, processesOf } from '../support/lab-parts.ts';
import { allEnded } from '../support/processes.ts';
import { requireCapability } from '../support/require.ts';
import { labFor, reasonAgainst } from '../support/shared-lab.ts';

for (const network of ['private', 'host'] as const) {
  test(`a lab of network "${network}" opens, and leaves no process when it closes`, async (t) => {
    const opened = await labFor(t, { network });
    if (opened === undefined) return;
    await using lab = opened;
    t.is(lab.network, network);
    await lab.fence();
    const processes = await processesOf(lab);
    for (const [part, pattern] of Object.entries(LAB_PARTS)) {
      t.true(
        processes.some(({ commandLine }) => pattern.test(commandLine)),
        part,
      );
    }
    await lab.stop();
    await lab.stop();
    await allEnded(processes);
    await t.throwsAsync(lab.fence(), { code: 'ERR_FINWAIT_PROCESS_ENDED' });
    await t.throwsAsync(lab.pair({ server: 'echo', client: 'half-close' }), {
      code: 'ERR_FINWAIT_PROCESS_ENDED',
    });
  });
}

test('an option that does not exist is a TypeError that names it', async (t) => {
  await t.throwsAsync(openLab({ netwrok: 'private' } as never), {
    instanceOf: TypeError,
    message: /"netwrok"/,
  });
});

test('a network that does not exist is a TypeError that names it', async (t) => {
  await t.throwsAsync(openLab({ network: 'prviate' as never }), {
    instanceOf: TypeError,
    message: 'Unknown network "prviate"; known: auto, private, host',
  });
});

test('servers of two private labs may listen on the same port', async (t) => {
  const first = await labFor(t, { network: 'private' });
  const second = await labFor(t, { network: 'private' });
  if (first === undefined || second === undefined) return;
  await using labs = {
    async [Symbol.asyncDispose]() {
      await Promise.all([first.stop(), second.stop()]);
    },
  };
  const pairs = await Promise.all(
    [first, second].map((lab) => lab.pair({ server: 'echo', client: 'half-close' })),
  );
  t.is(pairs[0]?.endpoint.port, pairs[1]?.endpoint.port);
  for (const pair of pairs) {
    await pair.client.connect();
    await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
    const snapshot = await pair.sample();
    t.is(snapshot.sockets.filter(({ state }) => state === 'ESTABLISHED').length, 2);
  }
  t.truthy(labs);
});

const TOOLS = ['sh', 'ip', 'nft', 'ss', 'tcpdump', 'unshare'] as const;

/** A PATH on which one tool is missing; undefined, with the test skipped, where sbin has it all the same. */
function pathWithout(t: ExecutionContext, missing: (typeof TOOLS)[number]): string | undefined {
  const everywhere = ['/usr/sbin', '/sbin'].find((folder) => existsSync(join(folder, missing)));
  const reason =
    everywhere === undefined ? undefined : `${missing} is in ${everywhere}, which is always searched`;
  if (!requireCapability(t, `PATH without ${missing}`, reason)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'finwait-path-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  for (const tool of TOOLS.filter((name) => name !== missing)) {
    const path = findProgram(tool);
    if (path !== undefined) symlinkSync(path, join(folder, tool));
  }
  return folder;
}

const FAILURES = [
  ['private', 'unshare', /^ERR_FINWAIT_LAB_REFUSED Install it: .*util-linux$/],
  ['private', 'tcpdump', /^ERR_FINWAIT_TOOL_MISSING Install.*tcpdump/],
  ['private', 'ss', /^ERR_FINWAIT_TOOL_MISSING /],
  ['host', 'tcpdump', /^ERR_FINWAIT_TOOL_MISSING /],
  ['host', 'ss', /^ERR_FINWAIT_TOOL_MISSING /],
  ['auto', 'unshare', /^opened host .*unshare/],
] as const;

for (const [network, missing, said] of FAILURES) {
  test.serial(
    `openLab, network "${network}", without ${missing}: ${String(said)}, and nothing stays behind`,
    async (t) => {
      const path = pathWithout(t, missing);
      if (path === undefined) return;
      if (network === 'auto' && !requireCapability(t, 'capture', await reasonAgainst('host'))) return;
      await using program = new ChildProgram(builtFile('test/support/programs/lab-attempt.js'), [network], {
        env: { PATH: path },
      });
      // The whole output: an unhandled rejection would show on stderr, a process left behind would keep it open.
      t.deepEqual(await program.ended(), { exitCode: 0, signal: null });
      t.regex(program.stdout.trim(), said);
      t.is(program.stderr, '');
    },
  );
}

/** `ip` lies in a folder that is always searched, and so is hidden behind a mount that only its namespace sees. */
const HIDE = 'mount --bind /dev/null "$(readlink -f "$0")" && exec "$@"';

const WITHOUT_IP = [
  ['auto', /^opened host ip is not installed/],
  ['private', /^ERR_FINWAIT_LAB_REFUSED Install it: .*iproute/],
] as const;

for (const [network, said] of WITHOUT_IP) {
  test.serial(`openLab, network "${network}", without ip: ${String(said)}`, async (t) => {
    const ip = findProgram('ip') ?? 'ip';
    const probe = await execa('unshare', ['--mount', 'sh', '-c', HIDE, ip, 'true'], { reject: false });
    if (!requireCapability(t, 'a mount over ip', probe.failed ? probe.shortMessage : undefined)) return;
    const program = [process.execPath, builtFile('test/support/programs/lab-attempt.js'), network];
    const { stdout, stderr } = await execa('unshare', ['--mount', 'sh', '-c', HIDE, ip, ...program]);
    t.regex(stdout, said);
    t.is(stderr, '');
  });
}
