import workerThreads from 'node:worker_threads';
import { wrapMethod } from './wrap-method.ts';

// Taken now: a program may put a stand-in in its place.
const { isMainThread, Worker } = workerThreads;

export interface ProcessWatcher {
  /**
   * This thread ends of its own accord: its event loop ran dry, `process.exit()`, an uncaught error.
   * @param exitCode undefined where a listener of 'exit' threw: it is then made behind it
   */
  exits(exitCode: number | undefined): void;
  /** This thread has started a worker. */
  startsWorker(threadId: number): void;
}

/**
 * Watches what `process` emits. Without a listener, which `process.listenerCount()` would show: by a method around
 * `emit`, as the package signal-exit does it.
 */
export function watchProcess(watcher: ProcessWatcher): void {
  // Not process itself, which has no emit of its own: between it and EventEmitter's prototype lies one of its alone.
  wrapMethod(Object.getPrototypeOf(process) as object, 'emit', (current) => {
    return function emit(this: NodeJS.Process, ...args: never[]): unknown {
      const [name, first] = args as unknown[];
      if (name === 'worker') {
        quietly(() => {
          tellWorker(watcher, first);
        });
      }
      if (name !== 'exit') return Reflect.apply(current(), this, args);
      let hasThrown = true;
      try {
        const result: unknown = Reflect.apply(current(), this, args);
        hasThrown = false;
        return result;
      } finally {
        quietly(() => {
          watcher.exits(hasThrown ? undefined : exitCodeOf(first));
        });
      }
    };
  });
}

function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // The program goes on, or ends, as it would have.
  }
}

function tellWorker(watcher: ProcessWatcher, worker: unknown): void {
  // −1 for one that is over.
  if (worker instanceof Worker && worker.threadId > 0) watcher.startsWorker(worker.threadId);
}

/**
 * As whoever waits for it gets it: of a process its lowest octet, of a worker 32 bits. Listeners of 'exit' may have
 * changed it, and `'3'` is a code, too (Node 20 leaves it text).
 */
function exitCodeOf(argument: unknown): number | undefined {
  const code = Number(process.exitCode ?? argument ?? 0);
  if (!Number.isInteger(code)) return undefined;
  return isMainThread ? code & 0xff : code | 0;
}
