/**
 * Tells when this thread ends of its own accord: its event loop ran dry, `process.exit()`, an uncaught error. Without a
 * listener, which `process.listenerCount('exit')` would show: by a method around `emit`, as the package signal-exit
 * does it.
 */
export function onThreadExit(exits: (exitCode: number) => void): void {
  const emit = Reflect.get(process, 'emit') as (name: string, ...args: unknown[]) => boolean;
  const observed = function (this: NodeJS.Process, name: string, ...args: readonly unknown[]): boolean {
    const result = Reflect.apply(emit, this, [name, ...args]);
    if (name === 'exit') exits(exitCodeOf(args[0]));
    return result;
  };
  Object.defineProperty(observed, 'name', { value: emit.name, configurable: true });
  // Not enumerable: process has no emit of its own.
  Object.defineProperty(process, 'emit', { value: observed, configurable: true, writable: true });
}

/** Listeners of 'exit' may still change it. */
function exitCodeOf(argument: unknown): number {
  const { exitCode } = process;
  if (typeof exitCode === 'number') return exitCode;
  return typeof argument === 'number' ? argument : 0;
}
