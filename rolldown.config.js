/**
 * Two bundles. The command line in few files: `finwait analyze` is to be done with a capture in the time that a hundred
 * modules take to load; what the other commands need stays where it is and is loaded when one of them is asked for.
 * CommonJS, for Node is 6 ms sooner with that than with ES modules, and V8 sooner done with what is hot.
 * And the observer, for `finwait/register` to require: CommonJS, since not every thread can require an ES module.
 */
import { readFileSync } from 'node:fs';

const MAIN = 'dist/harness/cli/main.js';
const BUNDLED_COMMANDS = ['./analyze.js'];
/** Of a run, it needs the rest of the harness. */
const UNBUNDLED_PARTS = ['./analyze-run.js', '../index.js'];

/** As main.js imports them when asked. */
const commands = [...readFileSync(MAIN, 'utf8').matchAll(/import\("(\.\/[^"]+)"\)/g)].map(([, path]) => path);

const commandLine = {
  input: { finwait: MAIN },
  platform: 'node',
  // By the names that they are imported by: a resolved path would be this machine's.
  external: [...UNBUNDLED_PARTS, ...commands.filter((path) => !BUNDLED_COMMANDS.includes(path))],
  output: {
    dir: 'dist/harness/cli',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'finwait-[name].cjs',
    // Comments cost V8 as much as code; names stay for whoever reads a stack.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  },
};

const preload = {
  input: { preload: 'dist/harness/node/thread-observer.js' },
  platform: 'node',
  output: { dir: 'dist/harness/node', format: 'cjs', entryFileNames: '[name].cjs', comments: false },
};

export default [commandLine, preload];
