import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a terminal's keys send, and its end: to every process of the foreground group, so to the program itself. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP'];
/** What is passed on whoever sends it. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGUSR2'];
const ALL: readonly NodeJS.Signals[] = [...FROM_TERMINAL, ...PASSED_ON];

/** Passes signals that would end us on to the program; a terminal's it has already. */
export function forwardSignals(program: ChildProcess): Disposable {
  const hasTerminal = isForeground();
  const handler = (signal: NodeJS.Signals): void => {
    if (!(hasTerminal && FROM_TERMINAL.includes(signal))) program.kill(signal);
  };
  for (const signal of ALL) process.on(signal, handler);
  return {
    [Symbol.dispose]: () => {
      for (const signal of ALL) process.off(signal, handler);
    },
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
