/** `kill -9` of the process that opened a lab: the kernel, and the lab's own care on the host, end all the rest. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { NetworkKind } from '../../harness/lab/protocol.ts';
import { builtFile, ChildProgram } from '../support/child-program.ts';
import { eventually } from '../support/eventually.ts';
import { LAB_PARTS } from '../support/lab-parts.ts';
import { allEnded, descendants, networksInUse } from '../support/processes.ts';
import { requireCapability } from '../support/require.ts';
import { reasonAgainst } from '../support/shared-lab.ts';

/** An ordinary user whom every Linux has. */
const NOBODY = 65534;

interface Way {
  readonly network: NetworkKind;
  readonly uid?: number;
}

async function nothingIsLeft(t: ExecutionContext, { network, uid }: Way): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'finwait-kill-'));
  chmodSync(folder, 0o777);
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  await using owner = new ChildProgram(builtFile('test/support/programs/lab-owner.js'), [network], {
    env: { TMPDIR: folder },
    ...(uid !== undefined && { uid }),
  });
  const rootless = uid !== undefined || process.getuid?.() !== 0;
  t.is(
    await owner.line(/^open/),
    `open ${network} ${rootless && network === 'private' ? 'rootless' : 'as root'}`,
  );

  const processes = descendants(owner.pid);
  for (const pattern of [...Object.values(LAB_PARTS), /^sleep 1000/]) {
    t.true(
      processes.some(({ commandLine }) => pattern.test(commandLine)),
      String(pattern),
    );
  }
  const before = networksInUse();
  const networks = new Set(processes.map((process) => process.network));
  const ownNetwork = [...networks].find((name) => name !== owner.network);
  t.is(ownNetwork === undefined, network === 'host');
  t.true(ownNetwork === undefined || before.has(ownNetwork));

  owner.kill('SIGKILL');
  await allEnded(processes);
  await eventually('the end of the network', () =>
    ownNetwork === undefined || !networksInUse().has(ownNetwork) ? true : undefined,
  );
  t.deepEqual(readdirSync(folder), []);
}

test.serial('kill -9 leaves no process, network or file of a private lab', async (t) => {
  if (!requireCapability(t, 'lab', await reasonAgainst('private'))) return;
  await nothingIsLeft(t, { network: 'private' });
});

test.serial('kill -9 leaves nothing of an ordinary user’s private lab', async (t) => {
  const reason = process.getuid?.() === 0 ? await reasonAgainstRootless() : 'not root: tested above';
  if (!requireCapability(t, 'rootless lab', reason)) return;
  await nothingIsLeft(t, { network: 'private', uid: NOBODY });
});

test.serial('kill -9 leaves nothing of a lab on the host’s loopback', async (t) => {
  if (!requireCapability(t, 'capture', await reasonAgainst('host'))) return;
  await nothingIsLeft(t, { network: 'host' });
});

/** What this machine says to nobody who asks for a private network. */
async function reasonAgainstRootless(): Promise<string | undefined> {
  await using program = new ChildProgram(builtFile('test/support/programs/lab-attempt.js'), ['private'], {
    uid: NOBODY,
  });
  await program.ended();
  return program.stdout.startsWith('opened') ? undefined : program.stdout + program.stderr;
}
