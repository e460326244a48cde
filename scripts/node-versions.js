/**
 * The tests of the node lane under other versions of Node, whose real binaries the npm packages node@22, node@24 and
 * node@26 bring: `node scripts/node-versions.js [VERSION …] [--all]`. Expects a built clone.
 * --all: every test file of the packages whose suites are compared, and 1,000 generated scripts.
 * Needs the registry once; the binaries are kept in node_modules/.cache.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TESTS = ['watching-changes-nothing', 'records', 'observer', 'channels', 'package-suites'];
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const all = process.argv.includes('--all');

/** The binary of the newest release of a major version. */
function binaryOf(version) {
  const folder = join(ROOT, 'node_modules', '.cache', `node-${version}`);
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', `node@${version}`], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
  return binary;
}

let failed = false;
for (const version of wanted.length > 0 ? wanted : ['22', '24', '26']) {
  const node = binaryOf(version);
  const env = { ...process.env, ...(all && { FINWAIT_SUITES: 'all', FINWAIT_SCRIPTS: '1000' }) };
  const ava = join(ROOT, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
  console.log(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim());
  const { status } = spawnSync(node, [ava, '--timeout=10m', ...TESTS.map((name) => `test/node/${name}.ts`)], {
    cwd: ROOT,
    stdio: 'inherit',
    env,
  });
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
