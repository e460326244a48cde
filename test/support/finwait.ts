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
  /** Options of Node's. */
  readonly node?: readonly string[];
  /** What the shell's ulimit is told before. */
  readonly ulimit?: string;
  /** Closes our end of its stdout at once. */
  readonly closeStdout?: boolean;
}

/** Runs the built command line as a person would, without a terminal. */
export async function finwait(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { env, cwd, input, onLine, node = [], ulimit, closeStdout = false } = options;
  const limited = ulimit === undefined ? [] : ['sh', '-c', `ulimit ${ulimit} && exec "$0" "$@"`];
  const [program, ...rest] = [...limited, process.execPath, ...node, MAIN, ...args] as [string, ...string[]];
  const running = execa(program, rest, {
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
