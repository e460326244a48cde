import { FinwaitError } from '../errors.ts';
import type { SocketSnapshot } from '../model/observation.ts';
import { rejectUnknownOptions } from '../options.ts';
import { pace, withDeadline, type WaitOptions } from '../timing.ts';
import { checkCondition } from './check-condition.ts';
import {
  canStillCome,
  type Condition,
  isOver,
  stateCanStillCome,
  unmetPart,
  unmetStates,
} from './condition.ts';
import type { Recording } from './recording.ts';

export const WAIT_OPTIONS: readonly string[] = ['signal', 'timeoutMs'];

/** What is seen of a pair, and how to look again. */
export interface Watched {
  readonly recording: Recording;
  sample(): Promise<SocketSnapshot>;
  /** Everything sent before the call is in the recording once it resolves. */
  fence(): Promise<void>;
}

/**
 * Resolves when all of `condition` has been observed.
 * @throws as {@link Pair.until} says
 */
export async function untilObserved(
  watched: Watched,
  condition: Condition,
  options: WaitOptions,
): Promise<void> {
  checkCondition(condition);
  rejectUnknownOptions(options, WAIT_OPTIONS);
  const stopped = new AbortController();
  const wait = new Wait(watched, stopped.signal);
  try {
    await withDeadline(wait.observe(condition), wait, options);
  } finally {
    stopped.abort();
  }
}

class Wait {
  /** What is missing now. */
  what = 'the condition';
  readonly #watched: Watched;
  readonly #stopped: AbortSignal;

  constructor(watched: Watched, stopped: AbortSignal) {
    this.#watched = watched;
    this.#stopped = stopped;
  }

  readonly lastSeen = (): string => this.#watched.recording.lastSeen();

  async observe(condition: Condition): Promise<void> {
    await this.#observeParts(condition);
    if (condition.states !== undefined) await this.#observeStates(condition.states);
  }

  async #observeParts(condition: Condition): Promise<void> {
    const { recording } = this.#watched;
    let fenced = false;
    while (!this.#stopped.aborted) {
      const missing = unmetPart(condition, recording);
      if (missing === undefined) return;
      this.what = missing.what;
      if (canStillCome(missing, recording)) {
        await recording.changed();
      } else {
        // What is under way may still arrive; behind a fence nothing is.
        if (fenced) throw this.#cannotCome();
        await this.#watched.fence();
        fenced = true;
      }
    }
  }

  async #observeStates(states: NonNullable<Condition['states']>): Promise<void> {
    const { recording } = this.#watched;
    this.what = Object.entries(states)
      .map(([side, state]) => `${side} ${state}`)
      .join(', ');
    for (let round = 0; !this.#stopped.aborted; round++) {
      const over = isOver(recording);
      const unmet = unmetStates(states, await this.#watched.sample(), recording);
      const missing = unmet.find((each) => over && !stateCanStillCome(each)) ?? unmet[0];
      if (missing === undefined) return;
      const { side, wanted, is = 'nothing, its end is not known' } = missing;
      this.what = `${side} ${wanted} (ss: ${is})`;
      if (over && !stateCanStillCome(missing)) throw this.#cannotCome();
      // The first looks follow at once; a state that lets itself be waited for is asked for more and more seldom.
      if (round > 3) await pace(Math.min(round, 20), this.#stopped);
    }
  }

  #cannotCome(): FinwaitError {
    return new FinwaitError(
      'ERR_FINWAIT_TIMEOUT',
      `${this.what} cannot come any more: the connection is over; last seen: ${this.lastSeen()}`,
    );
  }
}
