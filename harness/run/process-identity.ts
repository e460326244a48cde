import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** A process, told apart from every other that had its number before or will have it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started: field 22 of proc_pid_stat(5), ticks since boot. */
  readonly startTicks: number;
  readonly bootId: string;
  /** Where its number counts: `pid:[4026531836]`. */
  readonly pidNamespace: string;
}

/** Of this process; undefined where /proc does not show it. */
export function ownIdentity(): ProcessIdentity | undefined {
  const { pid } = process;
  try {
    const startTicks = startTicksOf(pid);
    return startTicks === undefined ? undefined : { pid, startTicks, ...whereNumbersCount() };
  } catch {
    return undefined;
  }
}

/** Whether a process still runs; undefined where its number counts in a namespace that is not ours. */
export function isRunning({ pid, startTicks, bootId, pidNamespace }: ProcessIdentity): boolean | undefined {
  const here = whereNumbersCount();
  if (bootId !== here.bootId) return false;
  if (pidNamespace !== here.pidNamespace) return undefined;
  return startTicksOf(pid) === startTicks;
}

/** Whether a process has a file open; undefined where it is not ours to look at. */
export function holdsOpen(pid: number, path: string): boolean | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    const wanted = statSync(path);
    // What a process opened first has the lowest numbers.
    const numbers = readdirSync(folder).map(Number).sort(ascending);
    return numbers.some((number) => isFile(`${folder}/${number}`, wanted));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? false : undefined;
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}

function isFile(path: string, { dev, ino }: { readonly dev: number; readonly ino: number }): boolean {
  try {
    const found = statSync(path);
    return found.dev === dev && found.ino === ino;
  } catch {
    // Closed since.
    return false;
  }
}

/** Undefined for a process that is not there, or is dead and not yet reaped. */
export function startTicksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the program's name, which may hold anything: fields from the third, the state, on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function whereNumbersCount(): Pick<ProcessIdentity, 'bootId' | 'pidNamespace'> {
  return {
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
  };
}
