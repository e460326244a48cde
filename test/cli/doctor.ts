import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { findProgram } from '../../harness/install-hint.ts';
import type { MachineReport } from '../../harness/index.ts';
import { finwait } from '../support/finwait.ts';
import { requireCapability } from '../support/require.ts';

test('it tries out each capability and says whether the main job runs', async (t) => {
  const { exitCode, stdout } = await finwait(['doctor', '--json']);
  const report = JSON.parse(stdout) as MachineReport;
  t.is(exitCode, report.mainJobRuns ? 0 : 3);
  for (const name of ['node', 'tcpdump', 'ss', 'ip', 'nft', 'unshare', 'private network', 'tracefs']) {
    const capability = report.capabilities.find((each) => each.name === name);
    t.truthy(capability?.detail, name);
    t.true(capability?.granted === true || capability?.without !== '', name);
  }
});

test('without tcpdump: exit code 3, and the command that installs it', async (t) => {
  const elsewhere = findProgram('tcpdump')?.includes('sbin')
    ? 'tcpdump is in sbin, always looked at'
    : undefined;
  if (!requireCapability(t, 'no tcpdump in sbin', elsewhere)) return;
  const folder = mkdtempSync(join(tmpdir(), 'finwait-doctor-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  for (const tool of ['sh', 'ss', 'ip', 'nft', 'unshare', 'apt-get', 'sudo']) {
    const path = findProgram(tool);
    if (path !== undefined) symlinkSync(path, join(folder, tool));
  }
  const doctor = await finwait(['doctor'], { env: { PATH: folder } });
  t.is(doctor.exitCode, 3);
  t.regex(doctor.stdout, /^missing {2}tcpdump +not installed\n.*without it.*\n +fix +.*tcpdump$/m);
  const demo = await finwait(['demo'], { env: { PATH: folder } });
  t.is(demo.exitCode, 3);
  t.regex(demo.stderr, /^ERR_FINWAIT_TOOL_MISSING: .*tcpdump.*\n.*install/i);
});
