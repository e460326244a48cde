/** Processes found in /proc by what their command lines say. */
import { readdirSync, readFileSync } from 'node:fs';

/** Pids of the processes with `text` in an argument; `program` restricts to those started by that name. */
export function findProcesses(text: string, program?: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const [name, ...args] = commandLine(pid);
      return args.some((arg) => arg.includes(text)) && (program === undefined || name === program);
    })
    .map(Number);
}

/** True once SIGSTOP has taken effect. */
export function isStopped(pid: number): boolean {
  return /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Empty for a zombie, and for a process that has just ended. */
function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
