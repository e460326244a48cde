import { wrapMethod } from './wrap-method.ts';

/**
 * Tells when this thread ends of its own accord: its event loop ran dry, `process.exit()`, an uncaught error. Without a
 * listener, which `process.listenerCount('exit')` would show: by a method around `emit`, as the package signal-exit
 * does it.
 * @param exits called with undefined where a listener of 'exit' threw: the exit code is then made behind it
 */
export function onThreadExit(exits: (exitCode: number | undefined) => void): void {
  // Not process itself, which has no emit of its own: between it and EventEmitter's prototype lies one of its alone.
  wrapMethod(Object.getPrototypeOf(process) as object, 'emit', (current) => {
    return function emit(this: NodeJS.Process, ...args: never[]): unknown {
      const [name, code] = args as unknown[];
      if (name !== 'exit') return Reflect.apply(current(), this, args);
      let exitCode: number | undefined;
      try {
        const result: unknown = Reflect.apply(current(), this, args);
        exitCode = exitCodeOf(code);
        return result;
      } finally {
        tell(exits, exitCode);
      }
    };
  });
}

function tell(exits: (exitCode: number | undefined) => void, exitCode: number | undefined): void {
  try {
    exits(exitCode);
  } catch {
    // The program ends as it would have.
  }
}

/** Listeners of 'exit' may still change it. */
function exitCodeOf(argument: unknown): number {
  const { exitCode } = process;
  if (typeof exitCode === 'number') return exitCode;
  return typeof argument === 'number' ? argument : 0;
}
