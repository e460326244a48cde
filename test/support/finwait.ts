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
  readonly input?: string;
  /** Closes our end of its stdout at once. */
  readonly closeStdout?: boolean;
}

/** Runs the built command line as a person would, without a terminal. */
export async function finwait(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { env, input, closeStdout = false } = options;
  const running = execa(process.execPath, [MAIN, ...args], {
    reject: false,
    input: input ?? '',
    env: { COLUMNS: '', ...env },
  });
  if (closeStdout) running.stdout.destroy();
  const { exitCode, stdout, stderr } = await running;
  return { exitCode, stdout, stderr };
}
