import { spawnSync } from 'node:child_process';
import test from 'ava';
import { readSysctl, sysctlError } from '../../harness/kernel/sysctl.ts';
import { requireCapability } from '../support/require.ts';

/** Runs the text as a module in a network namespace of its own; its last expression's lines come back. */
function inPrivateNetwork(program: string): { readonly output: string; readonly refused?: string } {
  const module = JSON.stringify(new URL('../../harness/kernel/sysctl.js', import.meta.url));
  const text = `import { readSysctl, writeSysctl } from ${module};\n${program}`;
  const userNamespace = process.getuid?.() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps'];
  const args = [...userNamespace, '--net', process.execPath, '--input-type=module', '-e', text];
  const { status, stdout, stderr, error } = spawnSync('unshare', args, { encoding: 'utf8' });
  if (error !== undefined) return { output: '', refused: error.message };
  return status === 0 ? { output: stdout.trim() } : { output: '', refused: stderr };
}

test('a setting is read without its line end', async (t) => {
  t.regex(await readSysctl('net.ipv4.tcp_fin_timeout'), /^\d+$/);
});

test('a setting that does not exist is an error with a hint', async (t) => {
  const error = await t.throwsAsync(readSysctl('net.ipv4.tcp_no_such_thing'), { code: 'ERR_FINWAIT_SYSCTL' });
  t.regex(error.message, /net\.ipv4\.tcp_no_such_thing/);
});

test('of a setting that this kernel is too old for, the error says which one brought it', (t) => {
  const cause = Object.assign(new Error('no such file'), { code: 'ENOENT' });
  const { code, message } = sysctlError('cannot read net.ipv4.tcp_rto_max_ms', cause);
  t.is(code, 'ERR_FINWAIT_SYSCTL');
  t.regex(message, /needs Linux 6\.15$/);
});

for (const name of ['net', '../../etc/passwd', 'net..ipv4', 'net.//.passwd', '', 'net.ipv4.a b']) {
  test(`"${name}" is refused as a name`, async (t) => {
    await t.throwsAsync(readSysctl(name), { instanceOf: TypeError });
  });
}

test('a setting is written in the own network namespace, and the machine keeps its own', async (t) => {
  const before = await readSysctl('net.ipv4.tcp_fin_timeout');
  const { output, refused } = inPrivateNetwork(`
    await writeSysctl('net.ipv4.tcp_fin_timeout', 7);
    console.log(await readSysctl('net.ipv4.tcp_fin_timeout'));`);
  if (!requireCapability(t, 'lab', refused)) return;
  t.is(output, '7');
  t.is(await readSysctl('net.ipv4.tcp_fin_timeout'), before);
});

test('a value that the kernel refuses is an error that names it', (t) => {
  const { output, refused } = inPrivateNetwork(`
    await writeSysctl('net.ipv4.tcp_fin_timeout', 'soon').catch((error) => console.log(error.code, error.message));`);
  if (!requireCapability(t, 'lab', refused)) return;
  t.regex(output, /^ERR_FINWAIT_SYSCTL cannot set net\.ipv4\.tcp_fin_timeout to soon/);
});
