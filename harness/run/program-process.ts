import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { FinwaitError } from '../errors.ts';
import { searchPath } from '../install-hint.ts';

/** How the program ended: one of the two. */
export interface ProgramEnd {
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
}

/** What a terminal's keys send, and its end: to every process of the foreground group, so to the program itself. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP'];
/** What is passed on whoever sends it. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGUSR2'];

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
  const stopForwarding = forwardSignals(program);
  try {
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
  } finally {
    stopForwarding();
  }
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

function forwardSignals(program: ChildProcess): () => void {
  const hasTerminal = isForeground();
  const handlers = [...FROM_TERMINAL, ...PASSED_ON].map((signal) => {
    const handler = (): void => {
      if (!(hasTerminal && FROM_TERMINAL.includes(signal))) program.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}

/** Whether we are in the foreground of a terminal, whose Ctrl-C then reaches the program without us. */
function isForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // After the program's name, which may hold anything: state, parent, group, session, terminal, its group.
    const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return terminal !== '0' && group === foreground;
  } catch {
    return false;
  }
}
