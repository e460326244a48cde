/**
 * The only owner of timers. Everything else that waits, waits for an observation under a deadline from here;
 * what must poll does so at a pace from here. test/architecture.ts looks for timers elsewhere.
 */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { FinwaitError } from './errors.ts';

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** @default 5000 */
  readonly timeoutMs?: number;
}

/** What a wait says of itself when it fails. */
export interface Awaited {
  /** `server CLOSE-WAIT`. */
  readonly what: string;
  /** The last thing seen while waiting, asked for only on failure. */
  readonly lastSeen?: () => string;
}

export const DEFAULT_TIMEOUT_MS = 5000;

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Settles as `promise` does, or rejects when time or patience runs out.
 * @throws FinwaitError ERR_FINWAIT_TIMEOUT naming what was awaited and the last thing seen; the signal's reason
 * when aborted.
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  awaited: Awaited,
  options: WaitOptions = {},
): Promise<T> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (signal?.aborted === true) {
    // Nobody awaits it any more, and it may still reject.
    promise.catch(() => undefined);
    signal.throwIfAborted();
  }
  let cleanUp = (): void => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    // Node fires at once what is further away than it can count: 24.8 days, or Infinity.
    const timer =
      timeoutMs > LONGEST_TIMEOUT_MS
        ? undefined
        : setTimeout(() => {
            reject(timeout(awaited, timeoutMs));
          }, timeoutMs);
    const onAbort = (): void => {
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    cleanUp = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([promise, failed]);
  } finally {
    cleanUp();
  }
}

function timeout({ what, lastSeen }: Awaited, timeoutMs: number): FinwaitError {
  const seen = lastSeen === undefined ? '' : `; last seen: ${lastSeen()}`;
  return new FinwaitError('ERR_FINWAIT_TIMEOUT', `${what} did not come within ${timeoutMs} ms${seen}`);
}

/** Lets the event loop do what is due before work goes on. */
export async function turn(): Promise<void> {
  await nextTurn();
}

/** Resolves after `ms` for whoever must poll at a pace; never to wait for something that can be observed. */
export async function pace(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal });
}

/** Of Node's Timeout: which of the lists of timers, one for each duration in ms, `refresh()` puts it into. */
interface ListedTimer {
  _idleTimeout: number;
  refresh(): unknown;
}

/** No program waits so long. */
const NEVER_MS = LONGEST_TIMEOUT_MS - 7;

/**
 * A timer for what must be put away soon: each call of the result has `flush` called after so many ms, 0 for the event
 * loop's next turn; what `flush` returns has it called again, undefined does not. It keeps no process alive, and is taken
 * at once: a program may put stand-ins for the global timers in their place later.
 *
 * Node keeps all timers of one duration in one list, which is due when its first is: in a list of the program's, a timer
 * of ours may change the order of its timers. The list of 0 ms is nobody's, since `setTimeout()` knows no 0; only
 * `_idleTimeout` leads there (Node 20 to 26). Between flushes the timer lies where it is never due, and not nowhere:
 * then `async_hooks` would be told of a new one each time.
 */
export function flushTimer(flush: () => number | undefined): (ms: number) => void {
  const lie = (ms: number): void => {
    timer._idleTimeout = ms;
    timer.refresh();
  };
  const due = (): void => {
    lie(flush() ?? NEVER_MS);
  };
  const timer = setTimeout(due, NEVER_MS).unref() as unknown as ListedTimer;
  return lie;
}

/** What {@link limitIdle} sets: a `net.Socket`. */
interface IdleLimited {
  // The method, by the name that net gives it.
  setTimeout(ms: number): unknown;
}

/** `socket.setTimeout(ms)`: its program is told so long after the last activity. Nothing of ours waits for it. */
export function limitIdle(socket: IdleLimited, ms: number): void {
  socket.setTimeout(ms);
}
