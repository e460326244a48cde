/**
 * The binary of the newest release of a major version of Node, from the npm package node@VERSION: installed on first
 * use, then kept in node_modules/.cache. `node scripts/node-binary.js VERSION` prints its path; exits with 1 when it
 * cannot be installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What npm says when nobody answers. */
const OFFLINE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)\b/;

/**
 * @returns undefined when it is not there and no registry answers
 * @throws when it is not a version, or npm cannot install it
 */
export function nodeBinary(version) {
  if (!/^\d+$/.test(version)) throw new TypeError(`Not a major version of Node: ${version}`);
  const folder = join(ROOT, 'node_modules', '.cache', `node-${version}`);
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const args = [
    'install',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--fetch-retries=1',
    `node@${version}`,
  ];
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return binary;
  if (OFFLINE.test(stderr)) return undefined;
  throw new Error(`npm install node@${version} failed:\n${stderr}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const binary = nodeBinary(process.argv[2] ?? '');
    if (binary === undefined) throw new Error('No npm registry answers.');
    console.log(binary);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
