/** What npm puts on the PATH is the command line in few files; it must be the same one. */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { fileOf, PCAP } from './_capture-files.ts';

const { bin, dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  bin: { finwait: string };
  dependencies: Readonly<Record<string, string>>;
};
const MODULES = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));

for (const args of [
  ['--version'],
  ['--help'],
  ['analyze', '--help'],
  ['demo', '--list'],
  ['analyze'],
  ['analyze', '--summary'],
  ['analyze', '--json'],
  ['analyze', '--format', 'zeek'],
  ['analyze', '--connection', '2'],
  ['analyze', '--sort', 'colour'],
]) {
  test(`finwait ${args.join(' ')} prints what its modules print`, async (t) => {
    const files = args[0] === 'analyze' ? [fileOf(t, PCAP)] : [];
    const [bundled, apart] = await Promise.all(
      [bin.finwait, MODULES].map(async (program) => {
        const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...args, ...files], {
          reject: false,
        });
        return { exitCode, stdout, stderr };
      }),
    );
    t.deepEqual(bundled, apart);
  });
}

test('a run that it kept is told as its modules tell it', async (t) => {
  using folder = new TemporaryFolder();
  const run = path.join(folder.path, 'run');
  const program = `const net = require('node:net');
    const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1').resume().on('close', () => server.close());
    });`;
  await execa(process.execPath, [
    bin.finwait,
    'run',
    '--quiet',
    '--out',
    run,
    '--',
    process.execPath,
    '-e',
    program,
  ]);
  const [bundled, apart] = await Promise.all(
    [bin.finwait, MODULES].map(
      async (command) => (await execa(process.execPath, [command, 'analyze', run])).stdout,
    ),
  );
  t.regex(bundled ?? '', /1 connection/);
  t.is(bundled, apart);
});

test('a full disk is told as that, and not as work that was left undone', async (t) => {
  const command = '"$0" "$1" --help > /dev/full';
  const { exitCode, stderr } = await execa('sh', ['-c', command, process.execPath, bin.finwait], {
    reject: false,
  });
  t.is(exitCode, 70);
  t.regex(stderr, /^What was to be printed cannot be written: ENOSPC: .*$/);
});

test('a program that runs under it does not end because stderr is full', async (t) => {
  using folder = new TemporaryFolder();
  const command = '"$0" "$1" run --out "$2" -- "$0" -e "process.exit(7)" 2> /dev/full';
  const run = path.join(folder.path, 'run');
  const { exitCode } = await execa('sh', ['-c', command, process.execPath, bin.finwait, run], {
    reject: false,
  });
  t.is(exitCode, 7);
});

test('what it imports is beside it, of Node, or a dependency by its name: no path of the machine that built it', (t) => {
  const folder = path.dirname(bin.finwait);
  const files = readdirSync(folder).filter((name) => /^finwait.*\.cjs$/.test(name));
  const imported = files.flatMap((name) => {
    const text = readFileSync(path.join(folder, name), 'utf8');
    return [...text.matchAll(/(?:\brequire|\bimport|\.href\))\(["'`]([^"'`\n]+)["'`]\)/g)].map(
      ([, what = '']) => what,
    );
  });
  t.true(files.length > 1);
  t.true(imported.includes('string-width') && imported.includes('node:util'));
  for (const what of imported) {
    t.true(/^\.\.?\//.test(what) || isBuiltin(what) || Object.hasOwn(dependencies, what), what);
  }
});
