/** Every code that a {@link FinwaitError} can carry. */
export type FinwaitErrorCode =
  /** A program that finwait needs is not on the PATH. */
  | 'ERR_FINWAIT_TOOL_MISSING'
  /** The kernel refuses packet capture to this process. */
  | 'ERR_FINWAIT_CAPTURE_PERMISSION'
  /** No such network interface. */
  | 'ERR_FINWAIT_CAPTURE_INTERFACE'
  /** tcpdump cannot compile the capture filter. */
  | 'ERR_FINWAIT_CAPTURE_FILTER'
  /** tcpdump ended before it was told to. */
  | 'ERR_FINWAIT_CAPTURE_DIED'
  /** A capture or another tool's output cannot be read. */
  | 'ERR_FINWAIT_FORMAT'
  /** The process is refused memory that reading a capture takes. */
  | 'ERR_FINWAIT_MEMORY'
  /** `ss` failed. */
  | 'ERR_FINWAIT_SOCKET_SAMPLING'
  /** The kernel has no such setting, or refuses the value. */
  | 'ERR_FINWAIT_SYSCTL'
  /** This machine grants no private network, and one was demanded. */
  | 'ERR_FINWAIT_LAB_REFUSED'
  /** The lab's agent, or a peer, ended before it was told to. */
  | 'ERR_FINWAIT_PROCESS_ENDED'
  /** What the lab was asked for works only in a private network. */
  | 'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK'
  /** A peer was told something that its socket could not do. */
  | 'ERR_FINWAIT_PEER_COMMAND'
  /** What was awaited did not come in time. */
  | 'ERR_FINWAIT_TIMEOUT'
  /** There is no such program as was to be run. */
  | 'ERR_FINWAIT_PROGRAM_NOT_FOUND'
  /** The program that was to be run is there and cannot be started. */
  | 'ERR_FINWAIT_PROGRAM'
  /** The command line is wrong. */
  | 'ERR_FINWAIT_USAGE';

export interface FinwaitErrorOptions extends ErrorOptions {
  /** What to type or change. */
  readonly hint?: string;
}

const BRAND = Symbol.for('finwait.error');

/** The environment failed: a tool is missing, a permission refused, a process gone. Misuse is `TypeError`. */
export class FinwaitError extends Error {
  readonly code: FinwaitErrorCode;
  readonly hint: string | undefined;

  constructor(code: FinwaitErrorCode, message: string, options: FinwaitErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'FinwaitError';
    this.code = code;
    this.hint = options.hint;
    Object.defineProperty(this, BRAND, { value: true });
  }

  override toString(): string {
    return this.hint === undefined
      ? `${this.code}: ${this.message}`
      : `${this.code}: ${this.message}\n${this.hint}`;
  }
}

/** Recognises a FinwaitError from any realm or copy of this package. */
export function isFinwaitError(value: unknown): value is FinwaitError {
  return typeof value === 'object' && value !== null && BRAND in value;
}
