import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { eventually } from './eventually.ts';

/** One process, told apart from a later one of the same id by when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks since boot. */
  readonly startedAt: string;
  readonly commandLine: string;
  /** Name of its network namespace; undefined when it may not be read. */
  readonly network: string | undefined;
}

/** Every process below `pid`, from /proc. */
export function descendants(pid: number): ProcessIdentity[] {
  const rows = allProcesses();
  const found: ProcessIdentity[] = [];
  const parents = [pid];
  for (const parent of parents) {
    const children = rows.filter((row) => row.parent === parent);
    found.push(...children);
    parents.push(...children.map((child) => child.pid));
  }
  return found;
}

/** The one descendant of `pid` whose command line matches. */
export function descendantNamed(pid: number, pattern: RegExp): ProcessIdentity {
  const found = descendants(pid).filter(({ commandLine }) => pattern.test(commandLine));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} processes below ${pid} match ${String(pattern)}`);
  }
  return only;
}

/** Every process with `text` in an argument, started by the name `program`, or by any. */
export function findProcesses(text: string, program?: string): ProcessIdentity[] {
  return allProcesses().filter(({ commandLine }) => {
    const [name, ...args] = commandLine.split(' ');
    return args.join(' ').includes(text) && (program === undefined || name === program);
  });
}

/** True once SIGSTOP has taken effect; false for a process that has ended. */
export function isStopped(pid: number): boolean {
  try {
    return /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Those of `processes` that still run. A zombie holds nothing any more. */
export function stillRunning(processes: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  return processes.filter(({ pid, startedAt }) => readProcess(pid)?.startedAt === startedAt);
}

/** Signals those that still run. */
export function signalAll(processes: readonly ProcessIdentity[], signal: NodeJS.Signals): void {
  for (const { pid } of stillRunning(processes)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
  }
}

/** Resolves when none of them runs. */
export async function allEnded(processes: readonly ProcessIdentity[]): Promise<void> {
  await eventually(
    'the end of every process',
    () => (stillRunning(processes).length === 0 ? true : undefined),
    () =>
      stillRunning(processes)
        .map(({ commandLine }) => commandLine)
        .join('; '),
  );
}

/** The network namespaces that any process is in. */
export function networksInUse(): ReadonlySet<string | undefined> {
  return new Set(allProcesses().map(({ network }) => network));
}

function allProcesses(): ProcessIdentity[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    const row = Number.isInteger(pid) ? readProcess(pid) : undefined;
    return row === undefined ? [] : [row];
  });
}

function readProcess(pid: number): ProcessIdentity | undefined {
  try {
    // proc(5): the command's name, in parentheses, may itself hold spaces and parentheses.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return {
      pid,
      parent: Number(fields[1]),
      startedAt: fields[19] ?? '',
      commandLine,
      network: networkOf(pid),
    };
  } catch {
    return undefined; // it ended meanwhile
  }
}

function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
