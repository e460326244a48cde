import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { FinwaitError } from '../errors.ts';
import { searchPath } from '../install-hint.ts';
import { forwardSignals } from './program-signals.ts';

/** How the program ended: one of the two. */
export interface ProgramEnd {
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
}

/**
 * Runs a program with our stdin, stdout and stderr as its own, and waits for its end. Signals that would end us are
 * the program's: those that a terminal sends it has already, others are passed on; we end when it has.
 * @param onStart called with its pid once it runs
 * @throws FinwaitError ERR_FINWAIT_PROGRAM_NOT_FOUND, ERR_FINWAIT_PROGRAM when it cannot be started
 */
export async function runToEnd(
  [file = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  onStart: (pid: number) => void = () => undefined,
): Promise<ProgramEnd> {
  const program = spawn(file, args, { stdio: 'inherit', env });
  using _forwarding = forwardSignals(program);
  return await new Promise<ProgramEnd>((resolve, reject) => {
    program.once('spawn', () => {
      if (program.pid !== undefined) onStart(program.pid);
    });
    program.once('error', (error: NodeJS.ErrnoException) => {
      reject(notStarted(file, error));
    });
    program.once('exit', (code, signal) => {
      resolve({ ...(code !== null && { exitCode: code }), ...(signal && { signal }) });
    });
  });
}

function notStarted(file: string, error: NodeJS.ErrnoException): FinwaitError {
  const [code, why] = isThere(file, error)
    ? (['ERR_FINWAIT_PROGRAM', error.code === 'EACCES' ? 'it may not be executed' : error.message] as const)
    : (['ERR_FINWAIT_PROGRAM_NOT_FOUND', 'there is no such program'] as const);
  return new FinwaitError(code, `${file} cannot be started: ${why}`, { cause: error });
}

function isThere(file: string, { code }: NodeJS.ErrnoException): boolean {
  // execvp says EACCES, too, for a program that is nowhere, when a folder of the PATH is closed to this user or holds
  // a folder of that name.
  if (code !== 'EACCES') return code !== 'ENOENT';
  return (
    file.includes(sep) ||
    searchPath()
      .split(delimiter)
      .some((folder) => isFile(join(folder, file)))
  );
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
