import { type BirpcReturn, createBirpc } from 'birpc';
import { FinwaitError, type FinwaitErrorCode } from '../errors.ts';

/** Either end of a Node IPC channel: `process`, or a child process started with `serialization: 'advanced'`. */
export interface IpcEnd {
  readonly connected?: boolean;
  send?(
    message: unknown,
    handle: undefined,
    options: undefined,
    onSent: (error: Error | null) => void,
  ): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

export interface ChannelOptions<Remote, Local> {
  /** Who is at the other end, for messages. */
  readonly other: string;
  /** Remote functions that are told and not answered. */
  readonly tells?: readonly (keyof Remote & string)[];
  /** Local functions of that kind. */
  readonly isTold?: readonly (keyof Local & string)[];
}

/**
 * Typed calls over a Node IPC channel, in order. Errors keep their code and hint on the way; what a told function
 * throws has nowhere to go and ends this process like any uncaught error.
 * When the other end goes, pending calls and all later ones reject with ERR_FINWAIT_PROCESS_ENDED.
 */
export function openChannel<Remote extends object, Local extends object>(
  ipc: IpcEnd,
  local: Local,
  { other, tells = [], isTold = [] }: ChannelOptions<Remote, Local>,
): BirpcReturn<Remote, Local> {
  const ended = (): FinwaitError =>
    new FinwaitError('ERR_FINWAIT_PROCESS_ENDED', `${other} is gone: its IPC channel closed`);
  const channel = createBirpc<Remote, Local>(local, {
    post: (message) => {
      if (ipc.send === undefined || ipc.connected === false) throw ended();
      // An error here means that the other end is going, and 'disconnect' tells that. Without a callback Node would
      // emit it, and end this process.
      ipc.send(message, undefined, undefined, () => undefined);
    },
    on: (listener) => {
      ipc.on('message', listener);
    },
    serialize: packError,
    deserialize: unpackError,
    bind: 'functions',
    eventNames: [...tells],
    // birpc drops what an event function throws; lost evidence must not look like evidence of nothing.
    resolver: (name, fn) => (isTold.some((told) => told === name) ? throwingOutside(fn, local) : fn),
    timeout: -1,
  });
  // Not birpc's $close(): calls after it would reject with an error of birpc's own, without a code.
  ipc.on('disconnect', () => {
    void channel.$rejectPendingCalls(({ reject }) => {
      reject(ended());
    });
  });
  return channel;
}

function throwingOutside(
  fn: (...args: unknown[]) => unknown,
  local: object,
): (...args: unknown[]) => unknown {
  return (...args) => {
    try {
      return fn.apply(local, args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
      return undefined;
    }
  };
}

interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
}

/** Structured clone keeps only an error's name, message and stack; a response's error `e` travels as data. */
function packError(message: { e?: unknown }): unknown {
  const error = message.e;
  if (!(error instanceof Error)) return message;
  const { name, message: text } = error;
  const { code, hint } = error as Partial<FinwaitError>;
  return { ...message, e: { name, message: text, ...(code && { code }), ...(hint && { hint }) } };
}

function unpackError(message: { e?: PackedError }): unknown {
  if (message.e === undefined) return message;
  return { ...message, e: errorOf(message.e) };
}

function errorOf({ name, message, code, hint }: PackedError): Error {
  if (code?.startsWith('ERR_FINWAIT_')) {
    return new FinwaitError(code as FinwaitErrorCode, message, hint === undefined ? {} : { hint });
  }
  // Misuse stays misuse across processes.
  const error = name === 'TypeError' ? new TypeError(message) : new Error(message);
  return Object.assign(error, code === undefined ? {} : { code });
}
