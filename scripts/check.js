/**
 * Runs every static check, two at a time: a line for each, and the output of those that fail.
 * Expects installed packages; builds first, since what is published is what was built.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CHECKS = [
  ['eslint', 'eslint . --max-warnings 0'],
  ['biome', 'biome format .'],
  ['assembly', 'tsc -p harness/prediction/assembly'],
  ['typedoc', 'typedoc --emit none'],
  ['knip', 'knip'],
  ['docs', 'node scripts/scenarios-doc.js --check'],
  ['publint', 'publint --strict'],
  ['attw', 'attw --pack . --profile esm-only'],
];
const AT_ONCE = 2;

async function run([name, command]) {
  const startedAt = performance.now();
  const [program, ...args] = command.split(' ');
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH}` },
  });
  let output = '';
  const collect = (text) => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  const [status] = await once(child, 'close');
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const passed = status === 0;
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${seconds.padStart(5)} s`);
  if (!passed) console.log(`\n$ ${program === 'node' ? '' : 'npx '}${command}\n${output.trimEnd()}\n`);
  return passed;
}

async function runFrom(queue) {
  let passed = true;
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    passed = (await run(check)) && passed;
  }
  return passed;
}

if (!(await run(['tsc', 'node scripts/setup.js --no-tools']))) process.exit(1);
const queue = [...CHECKS];
const lanes = await Promise.all(Array.from({ length: AT_ONCE }, () => runFrom(queue)));
process.exitCode = lanes.every(Boolean) ? 0 : 1;
