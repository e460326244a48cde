/** What npm puts on the PATH is the command line in few files; it must be the same one. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { fileOf, PCAP } from './_capture-files.ts';

const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: { finwait: string } };
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
