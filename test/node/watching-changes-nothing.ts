/**
 * The same programs with and without the observer: what they print, how they end, what they say on stderr.
 * scripts/node-versions.js runs this under Node 22, 24 and 26, too.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { onOneCpu } from '../../harness/lab/one-cpu.ts';
import { readRunDirectory } from '../../harness/node/record-reader.ts';
import { builtFile } from '../support/child-program.ts';
import { bare, observed, type Outcome, withoutObserver } from '../support/observed-program.ts';
import { type SocketScript, socketScript } from '../support/socket-script.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const BYSTANDERS = 'test/support/programs/bystanders';

/** Programs, each with what shows that it came to its end, and the threads that are to be observed, where not one. */
const PROGRAMS: readonly (readonly [
  file: string,
  args: readonly string[],
  shows: RegExp,
  threads?: number,
])[] = [
  ['unhandled-error.cjs', [], /exit 1/],
  ['between-prototypes.cjs', [], /between connect[^]*between close[^]*end/],
  ['throws-in-listener.mjs', [], /TypeError: in a listener/],
  ['uncaught-exception.cjs', [], /caught mine[^]*caught ECONNREFUSED[^]*end/],
  ['exits-in-handler.cjs', [], /exit 7 1/],
  ['throws-at-exit.cjs', [], /Error: at exit/],
  ['tick-order.cjs', [], /tick\nmicrotask\nimmediate/],
  ['own-stack-format.mjs', [], /formatted in true 3\nend 3/],
  ['guards-stacks.cjs', [], /sets 0 undefined true\nend (?!.*stackTraceLimit)/],
  ['own-getters.cjs', [], /end\(\)[^]*_destroy\(\)[^]*emit close/],
  ['without-buffer.cjs', [], /closed/],
  ['domains.cjs', [], /true[^]*caught connect ECONNREFUSED[^]*caught in a handler\nexit 0/],
  ['patches-emit.cjs', [], /^2\d .* connection /],
  ['killed.cjs', ['SIGTERM'], /^$/],
  ['killed.cjs', ['SIGKILL'], /^$/],
  ['idle.cjs', [], /beforeExit\nexit 0/],
  ['worker-threads.mjs', [], /hello[^]*exit 5[^]*hello[^]*exit 5/, 3],
  ['cluster-server.cjs', [], /from worker 1, from worker 2\nworker exit 0, worker exit 0/, 3],
  ['child-processes.mjs', [], /child exit 0/, 3],
  // Its hooks have a thread.
  ['loader-hooks.mjs', [], /42/, 2],
  ['http-keep-alive.mjs', [], /reused false[^]*reused true[^]*upgraded 101[^]*answer to \/4\nclosed/],
  ['fake-clock.cjs', [], /^$/],
  ['timer-order.cjs', [], /^other timers at most one$/m],
  ['long-names.cjs', [], /70000\nclosed/],
  ['loses-descriptor.cjs', [], /served 3000/],
];

for (const [file, args, shows, threads = 1] of PROGRAMS) {
  test(`${[file, ...args].join(' ')} runs as it would unwatched`, async (t) => {
    using folder = new TemporaryFolder();
    const path = join(BYSTANDERS, file);
    const [plain, watched] = await Promise.all([
      bare(path, { args }),
      observed(path, { args, directory: folder.path }),
    ]);
    t.regex(plain.stdout + plain.stderr, shows);
    t.deepEqual(comparable(watched), comparable(plain));
    t.is((await readRunDirectory(folder.path)).length, threads);
  });
}

function comparable(outcome: Outcome): Outcome {
  return { ...outcome, stderr: withoutObserver(outcome.stderr) };
}

test('--import observes a program of ES modules and its threads as --require does', async (t) => {
  using folder = new TemporaryFolder();
  const path = join(BYSTANDERS, 'worker-threads.mjs');
  const plain = await bare(path);
  t.regex(plain.stdout, /worker exit 5/);
  t.deepEqual(await observed(path, { by: '--import', directory: folder.path }), plain);
  t.is((await readRunDirectory(folder.path)).length, 3);
});

test('a program that closes every descriptor keeps its files to itself', async (t) => {
  using own = new TemporaryFolder();
  using records = new TemporaryFolder();
  const path = join(BYSTANDERS, 'closes-descriptors.cjs');
  const plain = await bare(path, { args: [own.path] });
  t.is(plain.stdout, '40 0\n');
  t.deepEqual(await observed(path, { args: [own.path], directory: records.path }), plain);
});

const SCRIPTS = Number(process.env['FINWAIT_SCRIPTS'] ?? 300);

/** What each script prints, in a run of all of them. */
async function outcomes(
  scripts: readonly SocketScript[],
  run: typeof bare,
  directory: string,
): Promise<readonly string[]> {
  const file = join(directory, 'scripts.json');
  writeFileSync(file, JSON.stringify(scripts));
  const records = join(directory, 'records');
  const program = builtFile('test/support/programs/scripted-sockets.js');
  const { exitCode, stdout, stderr } = await run(program, {
    args: [file],
    directory: records,
    startedBy: onOneCpu(),
  });
  if (exitCode !== 0 || stderr !== '') throw new Error(`exit code ${exitCode ?? 'none'}: ${stderr}`);
  return stdout.split(/^# \d+$/m).slice(1);
}

for (const intruder of ['listens', 'asks', 'waits']) {
  test(`the scripts find out an observer that ${intruder}`, async (t) => {
    using folder = new TemporaryFolder();
    const scripts = fc.sample(socketScript, { numRuns: 30, seed: 42 });
    const preload = resolve(BYSTANDERS, `intruder-${intruder}.cjs`);
    const plain = await outcomes(scripts, bare, folder.path);
    const watched = await outcomes(
      scripts,
      (file, options) => observed(file, { ...options, preload }),
      folder.path,
    );
    t.true(plain.filter((outcome, index) => outcome !== watched[index]).length > 10);
  });
}

test(`${SCRIPTS} generated scripts of calls see the same events in the same order`, async (t) => {
  using folder = new TemporaryFolder();
  const seed = Number(process.env['FINWAIT_SEED'] ?? 42);
  const scripts = fc.sample(socketScript, { numRuns: SCRIPTS, seed });
  const plain = await outcomes(scripts, bare, folder.path);
  const watched = await outcomes(scripts, observed, folder.path);
  t.is(plain.length, SCRIPTS);
  const differing = scripts.filter((_, index) => plain[index] !== watched[index]);
  t.deepEqual(differing, [], `seed ${seed}`);
  // The comparison means something only if the scripts get somewhere.
  for (const event of ['client connect', 'server data', 'server end', 'client close true', 'client error']) {
    t.true(
      plain.some((outcome) => outcome.includes(event)),
      event,
    );
  }
});
