/** How every server and client program is started from the shell. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { builtFile, ChildProgram } from '../support/child-program.ts';

const HALF_OPEN = builtFile('servers/half-open.js');

test('--help prints the usage and what the behaviour is, exit code 0', async (t) => {
  const files = ['servers', 'clients'].flatMap((folder) =>
    readdirSync(builtFile(folder))
      .filter((name) => name.endsWith('.js'))
      .map((name) => builtFile(`${folder}/${name}`)),
  );
  t.true(files.length >= 23);
  await Promise.all(
    files.map(async (file) => {
      await using program = new ChildProgram(file, ['--help']);
      t.deepEqual(await program.ended(), { exitCode: 0, signal: null });
      t.regex(program.stdout, /^usage: node \S+ (--port PORT|\[--port PORT\]) \[--host ADDRESS\]\n\S.*\.\n$/);
      t.is(program.stderr, '');
    }),
  );
});

const WRONG: readonly (readonly [what: string, file: string, args: readonly string[], said: RegExp])[] = [
  ['a port beyond 65535', 'servers/echo', ['--port', '65536'], /--port takes .*"65536"/],
  ['a port that is no number', 'servers/echo', ['--port', 'http'], /--port takes .*"http"/],
  ['an empty port', 'servers/echo', ['--port', ''], /--port takes .*""/],
  ['a negative port', 'servers/echo', ['--port=-1'], /--port takes .*"-1"/],
  ['an unknown option', 'servers/echo', ['--prot', '7'], /--prot/],
  ['an argument that is no option', 'servers/echo', ['7000'], /7000/],
  ['a client without a port', 'clients/half-close', [], /--port is missing/],
];

for (const [what, file, args, said] of WRONG) {
  test(`${what} is an error with the usage on stderr, exit code 2`, async (t) => {
    await using program = new ChildProgram(builtFile(`${file}.js`), args);
    t.deepEqual(await program.ended(), { exitCode: 2, signal: null });
    t.regex(program.stderr, said);
    t.regex(program.stderr, /\nusage: node /);
    t.is(program.stdout, '');
  });
}

test('a server starts without its .js', async (t) => {
  await using program = new ChildProgram(HALF_OPEN.replace(/\.js$/, ''));
  t.truthy(await program.line(/^listening on/));
});

test('a server starts by a relative path', async (t) => {
  await using program = new ChildProgram(join('.', 'half-open.js'), [], { cwd: dirname(HALF_OPEN) });
  t.truthy(await program.line(/^listening on/));
});

test('a server starts through a symbolic link to it, or to a folder above it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'finwait-link-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  symlinkSync(HALF_OPEN, join(folder, 'my-server.js'));
  symlinkSync(builtFile('.'), join(folder, 'dist'));
  for (const path of ['my-server.js', 'dist/servers/half-open.js']) {
    await using program = new ChildProgram(join(folder, path));
    t.truthy(await program.line(/^listening on/));
  }
});

test('a server that is only imported does not start', async (t) => {
  await using program = new ChildProgram('--input-type=module', [
    '--eval',
    `const { behaviour } = await import(${JSON.stringify(HALF_OPEN)}); console.log(behaviour.allowHalfOpen);`,
  ]);
  t.deepEqual(await program.ended(), { exitCode: 0, signal: null });
  t.is(program.stdout, 'true\n');
});
