/**
 * The same programs with and without the observer: what they print, how they end, what they say on stderr.
 * scripts/node-versions.js runs this under Node 22, 24 and 26, too.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { readRunDirectory } from '../../harness/node/record-reader.ts';
import { builtFile } from '../support/child-program.ts';
import { bare, observed, withoutObserver } from '../support/observed-program.ts';
import { socketScript } from '../support/socket-script.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const BYSTANDERS = 'test/support/programs/bystanders';

/** Programs, each with a line or a code that shows that it came to its end. */
const PROGRAMS: readonly (readonly [file: string, args: readonly string[], shows: RegExp])[] = [
  ['unhandled-error.cjs', [], /exit 1/],
  ['throws-in-listener.mjs', [], /TypeError: in a listener/],
  ['uncaught-exception.cjs', [], /caught mine[^]*caught ECONNREFUSED[^]*end/],
  ['exits-in-handler.cjs', [], /exit 7 1/],
  ['tick-order.cjs', [], /tick\nmicrotask\nimmediate/],
  ['own-stack-format.mjs', [], /formatted in true 3\nend 3/],
  ['killed.cjs', ['SIGTERM'], /^$/],
  ['killed.cjs', ['SIGKILL'], /^$/],
  ['idle.cjs', [], /beforeExit\nexit 0/],
  ['worker-threads.mjs', [], /hello[^]*exit 5[^]*hello[^]*exit 5/],
  ['cluster-server.cjs', [], /from the worker[^]*worker exit 0/],
  ['child-processes.mjs', [], /child exit 0/],
  ['http-keep-alive.mjs', [], /reused false[^]*reused true[^]*upgraded 101[^]*answer to \/4\nclosed/],
  ['fake-clock.cjs', [], /^$/],
];

for (const [file, args, shows] of PROGRAMS) {
  test(`${[file, ...args].join(' ')} runs as it would unwatched`, async (t) => {
    using folder = new TemporaryFolder();
    const path = join(BYSTANDERS, file);
    const [plain, watched] = await Promise.all([
      bare(path, { args }),
      observed(path, { args, directory: folder.path }),
    ]);
    t.regex(plain.stdout + plain.stderr, shows);
    t.deepEqual(
      { ...watched, stderr: withoutObserver(watched.stderr) },
      { ...plain, stderr: withoutObserver(plain.stderr) },
    );
    const records = await readRunDirectory(folder.path);
    t.true(records.length > 0, 'it was watched');
  });
}

test('a program that closes every descriptor keeps its files to itself', async (t) => {
  using own = new TemporaryFolder();
  using records = new TemporaryFolder();
  const path = join(BYSTANDERS, 'closes-descriptors.cjs');
  const plain = await bare(path, { args: [own.path] });
  t.is(plain.stdout, '40 0\n');
  t.deepEqual(await observed(path, { args: [own.path], directory: records.path }), plain);
});

const SCRIPTS = Number(process.env['FINWAIT_SCRIPTS'] ?? 300);

test(`${SCRIPTS} generated scripts of calls see the same events in the same order`, async (t) => {
  using folder = new TemporaryFolder();
  const seed = Number(process.env['FINWAIT_SEED'] ?? 42);
  const scripts = fc.sample(socketScript, { numRuns: SCRIPTS, seed });
  const file = join(folder.path, 'scripts.json');
  writeFileSync(file, JSON.stringify(scripts));
  const program = builtFile('test/support/programs/scripted-sockets.js');
  const plain = await bare(program, { args: [file] });
  const watched = await observed(program, { args: [file], directory: join(folder.path, 'records') });
  const [plainParts, watchedParts] = [plain, watched].map(({ stdout }) => stdout.split(/^# \d+$/m));
  t.is(plainParts?.length, SCRIPTS + 1);
  const differing = scripts.findIndex((_, index) => plainParts?.[index + 1] !== watchedParts?.[index + 1]);
  t.is(differing, -1, `seed ${seed}: ${JSON.stringify(scripts[differing])}`);
  t.deepEqual(watched, plain);
  // The comparison means something only if the scripts get somewhere.
  for (const event of ['client connect', 'server data', 'server end', 'client close true', 'client error']) {
    t.true(plain.stdout.includes(event), event);
  }
});
