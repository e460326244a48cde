/**
 * The tests of what Node's version matters to, the node lane and captures through WebAssembly, under other versions,
 * whose real binaries the npm packages node@22, node@24 and node@26 bring: `node scripts/node-versions.js [VERSION …] [--quick | --all]`. Expects a built clone.
 * --quick: what CI runs; without the packages whose suites are compared.
 * --all: every test file of those packages, and 1,000 generated scripts.
 * Needs the registry once; the binaries are kept in node_modules/.cache. A version that is not there and cannot be had,
 * since no registry answers, is left out, and that is printed.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary } from './node-binary.js';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LANE = ['watching-changes-nothing', 'records', 'observer', 'observer-edges', 'channels'];
const QUICK = [...LANE.map((name) => `node/${name}`), 'analyze/taken-frames', 'cli/analyze'];
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const all = process.argv.includes('--all');
const tests = process.argv.includes('--quick') ? QUICK : [...QUICK, 'node/package-suites'];

let failed = false;
for (const version of wanted.length > 0 ? wanted : ['22', '24', '26']) {
  const node = nodeBinary(version);
  if (node === undefined) {
    console.log(`Node ${version} is left out: no npm registry answers, and it is not in node_modules/.cache`);
    continue;
  }
  const env = { ...process.env, ...(all && { FINWAIT_SUITES: 'all', FINWAIT_SCRIPTS: '1000' }) };
  const ava = join(ROOT, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
  console.log(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim());
  const { status } = spawnSync(node, [ava, '--timeout=10m', ...tests.map((name) => `test/${name}.ts`)], {
    cwd: ROOT,
    stdio: 'inherit',
    env,
  });
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
