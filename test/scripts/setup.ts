import { rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { requireCapability } from '../support/require.ts';
import { TemporaryClone } from '../support/temporary-clone.ts';

function newClone(t: ExecutionContext): TemporaryClone {
  const clone = new TemporaryClone();
  t.teardown(() => {
    rmSync(clone.root, { recursive: true });
  });
  return clone;
}

/** A clone that lacks these tools. */
function cloneWithout(t: ExecutionContext, ...tools: readonly string[]): TemporaryClone {
  const clone = newClone(t);
  for (const tool of tools) rmSync(join(clone.bin, tool));
  return clone;
}

function requireRoot(t: ExecutionContext): boolean {
  return requireCapability(t, 'root', process.getuid?.() === 0 ? undefined : 'not root');
}

const INSTALL = 'npm ci --include=dev --loglevel=warn';
const BUILD = ['assemble', 'tsc', 'rolldown'];

test('a fresh clone is installed and built with a line for each, and then left alone in silence', (t) => {
  const clone = newClone(t);
  const first = clone.run();
  t.is(first.exitCode, 0);
  t.deepEqual(first.calls, [INSTALL, ...BUILD]);
  t.regex(
    first.stderr,
    /^finwait: installing npm packages… \d+\.\d s\nfinwait: assembling… \d+\.\d s\nfinwait: building… \d+\.\d s\nfinwait: bundling… \d+\.\d s\n$/,
  );
  t.deepEqual(clone.run(), { exitCode: 0, stderr: '', calls: [] });
});

test('npm packages are installed again when the lock file says something else, not when it is only newer', (t) => {
  const clone = newClone(t);
  clone.run();
  utimesSync(clone.path('package-lock.json'), Date.now() / 1000 + 60, Date.now() / 1000 + 60);
  t.false(clone.run().calls.includes(INSTALL));
  clone.write('package-lock.json', '{"changed":true}');
  t.true(clone.run().calls.includes(INSTALL));
});

test('npm packages that someone installed by hand after the last change are taken as they are', (t) => {
  const clone = newClone(t);
  clone.write('node_modules/.package-lock.json', '{}');
  t.false(clone.run({ args: ['--no-build'] }).calls.includes(INSTALL));
});

test('a linked node_modules is never installed into', (t) => {
  const clone = newClone(t);
  clone.write('elsewhere/kept', '');
  symlinkSync(clone.path('elsewhere'), clone.path('node_modules'));
  t.deepEqual(clone.run({ args: ['--no-build'] }), { exitCode: 0, stderr: '', calls: [] });
});

test('when npm fails, its output and the command are shown', (t) => {
  const clone = newClone(t);
  clone.stub('npm', 'echo "npm error network"; exit 1');
  const { exitCode, stderr } = clone.run();
  t.is(exitCode, 1);
  t.regex(stderr, /failed\nnpm error network\n.*type:\n {2}npm ci\n$/);
});

test('a changed, a new and a deleted source are each built, and the output of the deleted one goes', (t) => {
  const clone = newClone(t);
  clone.run();
  clone.write('harness/one.ts', 'export {};');
  t.deepEqual(clone.run().calls, BUILD);
  clone.write('harness/two.ts', '');
  t.deepEqual(clone.run().calls, BUILD);
  t.true(clone.has('dist/harness/two.js'));
  rmSync(clone.path('harness/two.ts'));
  t.deepEqual(clone.run().calls, BUILD);
  t.false(clone.has('dist/harness/two.js'));
  t.true(clone.has('dist/harness/one.js'));
});

test('AssemblyScript that changed is assembled anew, and none of its files is looked for among the outputs', (t) => {
  const clone = newClone(t);
  clone.write('harness/prediction/assembly/main.ts', '');
  t.deepEqual(clone.run().calls, [INSTALL, ...BUILD]);
  clone.write('dist/.tsbuildinfo', '');
  t.deepEqual(clone.run().calls, []);
  clone.write('harness/prediction/assembly/main.ts', 'changed');
  t.deepEqual(clone.run().calls, BUILD);
  t.true(clone.has('dist/.tsbuildinfo'));
  rmSync(clone.path('harness/prediction/code.ts'));
  t.deepEqual(clone.run().calls, BUILD);
});

test('when AssemblyScript does not compile, why is shown, and the next run tries again', (t) => {
  const clone = newClone(t);
  clone.write('harness/prediction/assembly/bad.ts', '');
  for (const calls of [[INSTALL, 'assemble'], ['assemble']]) {
    const run = clone.run();
    t.is(run.exitCode, 1);
    t.regex(run.stderr, /assembling… failed\nERROR AS100[^]*node scripts\/assemble\.js\n$/);
    t.deepEqual(run.calls, calls);
  }
});

test('when an output is gone, tsc is not left to believe that it is there', (t) => {
  const clone = newClone(t);
  clone.run();
  clone.write('dist/.tsbuildinfo', '');
  rmSync(clone.path('dist/harness/one.js'));
  rmSync(clone.path('dist/.finwait-build'));
  t.deepEqual(clone.run().calls, BUILD);
  t.false(clone.has('dist/.tsbuildinfo'));
});

test('when tsc fails its errors are shown, and the next run tries again', (t) => {
  const clone = newClone(t);
  clone.write('harness/bad.ts', '');
  for (let attempt = 0; attempt < 2; attempt++) {
    const { exitCode, stderr, calls } = clone.run();
    t.is(exitCode, 1);
    t.true(calls.includes('tsc'));
    t.regex(stderr, /harness\/bad\.ts\(1,1\): error TS1005\n.*\n {2}npx tsc -p \.\n$/);
  }
});

test('a Node that is too old is named, with the one that is needed', (t) => {
  const clone = newClone(t);
  clone.write('package.json', '{"type":"module","engines":{"node":">=99.1"}}');
  const { exitCode, stderr, calls } = clone.run();
  t.is(exitCode, 3);
  t.is(stderr, `finwait: Node ${process.versions.node} is too old: finwait needs >=99.1.\n`);
  t.deepEqual(calls, []);
});

const MANAGERS = [
  {
    manager: 'apt-get',
    expected: [
      'apt-get update',
      'apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=60 tcpdump iproute2',
    ],
  },
  { manager: 'apk', expected: ['apk add tcpdump iproute2'] },
  { manager: 'dnf', expected: ['dnf install -y tcpdump iproute'] },
] as const;

for (const { manager, expected } of MANAGERS) {
  test(`root gets the packages of missing tools, and only those, from ${manager}`, (t) => {
    if (!requireRoot(t)) return;
    const clone = cloneWithout(t, 'tcpdump', 'ss', 'ip');
    clone.stubManager(manager, 'tcpdump', 'ss', 'ip');
    const { exitCode, stderr, calls } = clone.run({ args: ['--no-build'] });
    t.is(exitCode, 0);
    t.deepEqual(calls, [...expected, INSTALL]);
    t.regex(stderr, /^finwait: installing tcpdump, iproute2… \d+\.\d s\n/);
  });
}

test('packages are installed although updating their lists failed', (t) => {
  if (!requireRoot(t)) return;
  const clone = cloneWithout(t, 'nft');
  clone.stub('apt-get', `case "$1" in update) exit 100;; *) cp "$0" '${join(clone.bin, 'nft')}';; esac`);
  t.is(clone.run().exitCode, 0);
});

test("busybox's unshare counts as missing", (t) => {
  if (!requireRoot(t)) return;
  const clone = cloneWithout(t, 'unshare');
  clone.stub('busybox', '');
  clone.link('unshare', join(clone.bin, 'busybox'));
  clone.stub(
    'apk',
    `echo "apk $*" >> "$CALLS"; rm '${join(clone.bin, 'unshare')}'; cp "$0" '${join(clone.bin, 'unshare')}'`,
  );
  t.deepEqual(clone.run({ args: ['--no-build'] }).calls, ['apk add util-linux', INSTALL]);
});

test('a program of an npm package that is called nft counts as missing', (t) => {
  if (!requireRoot(t)) return;
  const clone = cloneWithout(t, 'nft');
  clone.stub(join('..', 'node_modules', '.bin', 'nft'), '');
  clone.stubManager('apk', 'nft');
  t.deepEqual(clone.run({ args: ['--no-build'] }).calls, ['apk add nftables', INSTALL]);
});

test('a tool in sbin is found, though it is not on the PATH', (t) => {
  const clone = cloneWithout(t, 'tcpdump');
  clone.stub(join('..', 'sbin', 'tcpdump'), '');
  t.is(clone.run().exitCode, 0);
});

test('an ordinary user gets them through sudo when it asks for no password', (t) => {
  const clone = cloneWithout(t, 'tcpdump');
  clone.stub('sudo', 'echo "sudo $1 $2" >> "$CALLS"; shift; exec "$@"');
  clone.link('true', '/bin/true');
  clone.stubManager('apt-get', 'tcpdump');
  // Not npm's part: nobody could write to the folder of the ordinary user whose test this is.
  const { calls } = clone.run({ asNobody: true, args: ['--no-build'] });
  t.deepEqual(calls.slice(0, 3), ['sudo -n true', 'sudo -n env', 'apt-get update']);
  t.regex(calls[3] ?? '', /^apt-get install .* tcpdump$/);
});

test('an ordinary user without sudo is told the exact command', (t) => {
  const clone = cloneWithout(t, 'tcpdump', 'nft');
  clone.stub('sudo', 'exit 1');
  clone.stubManager('apt-get');
  const { exitCode, stderr, calls } = clone.run({ asNobody: true });
  t.is(exitCode, 3);
  t.deepEqual(calls, []);
  t.is(
    stderr,
    'finwait: tcpdump, nft not found. Type this, then try again:\n' +
      '  sudo apt-get update && sudo apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=60 tcpdump nftables\n',
  );
});

test('without a package manager that setup knows, the packages are named', (t) => {
  const { exitCode, stderr } = cloneWithout(t, 'ss', 'nsenter').run();
  t.is(exitCode, 3);
  t.regex(stderr, /ss, nsenter not found, and no apt-get, apk or dnf.*\n.*: iproute2 util-linux\n$/);
});

test('a package manager that fails shows why, with the exact command', (t) => {
  if (!requireRoot(t)) return;
  const clone = cloneWithout(t, 'tcpdump');
  clone.stub('apk', 'echo "ERROR: unable to select packages" >&2; exit 1');
  const { exitCode, stderr } = clone.run();
  t.is(exitCode, 3);
  t.regex(stderr, /failed\nERROR: unable to select packages\n.*\n {2}apk add tcpdump\n$/);
});

test('a package manager that succeeds and brings nothing is not believed', (t) => {
  if (!requireRoot(t)) return;
  const clone = cloneWithout(t, 'tcpdump');
  clone.stubManager('apk');
  const { exitCode, stderr } = clone.run();
  t.is(exitCode, 3);
  t.regex(stderr, /tcpdump not found, though this succeeded:\n {2}apk add tcpdump\n$/);
});

test('--no-tools leaves the system alone', (t) => {
  t.is(cloneWithout(t, 'tcpdump', 'ss').run({ args: ['--no-tools'] }).exitCode, 0);
});
