import { execFileSync } from 'node:child_process';

/** Why tshark cannot be asked; undefined when it can. */
export function missingTshark(): string | undefined {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    return `tshark cannot be run: ${(error as Error).message}`;
  }
}

/** Fields of the frames that a filter selects, a row each. A capture that is cut is read as far as it goes. */
export function tsharkFields(
  file: string,
  filter: string,
  fields: readonly string[],
  options: readonly string[] = [],
): string[][] {
  const wanted = fields.flatMap((field) => ['-e', field]);
  const args = ['-n', '-r', file, '-Y', filter, '-T', 'fields', ...wanted, ...options];
  const output = outputOf(args);
  return output === '' ? [] : output.split('\n').map((line) => line.split('\t'));
}

function outputOf(args: readonly string[]): string {
  try {
    return execFileSync('tshark', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 28,
    }).trimEnd();
  } catch (error) {
    const { status, stdout } = error as { status?: number | null; stdout?: string };
    // Exit status 2: the file "appears to have been cut short" or is damaged further on.
    if (status === 2 && typeof stdout === 'string') return stdout.trimEnd();
    throw error;
  }
}
