/**
 * Compiles harness/prediction/assembly/ (AssemblyScript) to WebAssembly and writes it as text into a module,
 * harness/prediction/code.ts: so it is found wherever the JavaScript is, bundled or not. What is said behind this
 * script's name goes to the compiler: --debug keeps the names of functions, for traces.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CODE = join(ROOT, 'harness', 'prediction', 'code.ts');

const files = new Map();
const { error, stderr } = await main(
  [
    'harness/prediction/assembly/main.ts',
    ...['--baseDir', ROOT, '--outFile', 'code.wasm', '--bindings', 'raw', '-O3', '--noAssert'],
    // Nothing is collected: connections that are over are used again.
    ...['--runtime', 'stub'],
    // Nothing is to be said at the end of memory; it traps.
    ...['--use', 'abort='],
    ...process.argv.slice(2),
  ],
  {
    writeFile(name, content) {
      files.set(name, content);
    },
  },
);
if (error) {
  process.stderr.write(`${stderr.toString()}${error.message}\n`);
  process.exit(1);
}
const text = `/** Made by scripts/assemble.js of what is in assembly/, where each function says what it does. */
export interface PredictionCode {
  readonly memory: { readonly buffer: ArrayBuffer };
${signatures(files.get('code.d.ts'))}
}

/** The WebAssembly that exports them, in base64. */
export const CODE: string = '${Buffer.from(files.get('code.wasm')).toString('base64')}';
`;
// Left as it was when nothing has changed: tsc goes by it.
if (!existsSync(CODE) || readFileSync(CODE, 'utf8') !== text) writeFileSync(CODE, text);

/** Those of the exported functions, which give a truth as a number. */
function signatures(declarations) {
  return [...declarations.matchAll(/^ {2}export function (.*;)$/gm)]
    .map(([, signature]) => `  ${signature.replace(/: boolean;$/, ': 0 | 1;')}`)
    .join('\n');
}
