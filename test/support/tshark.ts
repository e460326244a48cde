import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** Why tshark cannot be asked; undefined when it can. */
export function missingTshark(): string | undefined {
  const demanded = process.env['FINWAIT_REQUIRE']?.split(',').includes('tshark') === true;
  if (!demanded) return 'the comparison takes a minute; FINWAIT_REQUIRE=tshark runs it';
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    return `tshark cannot be run: ${(error as Error).message}`;
  }
}

/** Fields of the frames that a filter selects, a row each. A capture that is cut is read as far as it goes. */
export async function tsharkFields(
  file: string,
  filter: string,
  fields: readonly string[],
  options: readonly string[] = [],
): Promise<string[][]> {
  const wanted = fields.flatMap((field) => ['-e', field]);
  const output = await outputOf(['-n', '-r', file, '-Y', filter, '-T', 'fields', ...wanted, ...options]);
  return output === '' ? [] : output.split('\n').map((line) => line.split('\t'));
}

/** Empty cells at a line's end are tabs: only the last newline is cut off. */
async function outputOf(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('tshark', args, { maxBuffer: 2 ** 28 });
    return stdout.replace(/\n$/, '');
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: unknown };
    // Exit status 2: the file "appears to have been cut short" or is damaged further on.
    if (code === 2 && typeof stdout === 'string') return stdout.replace(/\n$/, '');
    throw error;
  }
}
