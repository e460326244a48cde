import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const MAIN = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));

export interface CommandResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string | Uint8Array | Readable;
  /** Called with each line of its stdout as it comes. */
  readonly onLine?: (line: string) => void;
  /** Closes our end of its stdout at once. */
  readonly closeStdout?: boolean;
}

/** Runs the built command line as a person would, without a terminal. */
export async function finwait(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { env, cwd, input, onLine, closeStdout = false } = options;
  const running = execa(process.execPath, [MAIN, ...args], {
    reject: false,
    ...(cwd !== undefined && { cwd }),
    input: input ?? '',
    env: { COLUMNS: '', ...env },
  });
  if (closeStdout) running.stdout.destroy();
  if (onLine !== undefined) for await (const line of running) onLine(line);
  const { exitCode, stdout, stderr } = await running;
  return { exitCode, stdout, stderr };
}
