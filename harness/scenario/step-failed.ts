import { FinwaitError, isFinwaitError } from '../errors.ts';

/** A step that could not be seen through, or something awaited that did not come; the play ends with it. */
export class StepFailed extends Error {
  /** In words. */
  readonly what: string;
  readonly reason: FinwaitError;
  /** Whether somebody fell short of what was awaited; otherwise it was the lab. */
  readonly fellShort: boolean;

  constructor(what: string, reason: FinwaitError, fellShort: boolean) {
    super(reason.message, { cause: reason });
    this.what = what;
    this.reason = reason;
    this.fellShort = fellShort;
  }
}

/** The FinwaitError that an attempt ends in, if it does; any other error is thrown on. */
export async function failureOf(attempt: Promise<unknown>): Promise<FinwaitError | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (isFinwaitError(error)) return error;
    throw error;
  }
}

export function timedOut(what: string, timeoutMs: number): FinwaitError {
  return new FinwaitError('ERR_FINWAIT_TIMEOUT', `ss did not show ${what} within ${timeoutMs} ms`);
}
