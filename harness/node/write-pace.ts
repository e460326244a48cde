import { flushTimer } from '../timing.ts';
import { sinceOriginNs } from './clock.ts';

/** More than the timer takes: two writes in 7 ms would be one too many. */
const QUIET_NS = 8_000_000;
/** Turns of the event loop that may be asked for at once, and a second. */
const TURNS_AT_ONCE = 50;
const TURNS_PER_SECOND = 25;
/** Beyond them: a duration that few programs' timers have. */
const BUSY_MS = 7;

/**
 * When what waits is written: at once after 8 ms without a write, else in the event loop's next turn. Under many
 * events that would be too many turns; they wait 7 ms, and where the loop stands still for the next event after 8.
 */
export class WritePace {
  readonly #write: () => void;
  readonly #schedule: (ms: number) => void;
  #waits = false;
  /** The timer is due every 7 ms, for as long as each time something waits. */
  #isBusy = false;
  #lastWriteNs = Number.NEGATIVE_INFINITY;
  #turns = TURNS_AT_ONCE;
  #filledAtNs = 0;

  /** @param write calls {@link wrote}, and may be called at any time by others, too */
  constructor(write: () => void) {
    this.#write = write;
    this.#schedule = flushTimer(() => {
      this.#isBusy &&= this.#waits;
      if (this.#waits) write();
      return this.#isBusy ? BUSY_MS : undefined;
    });
  }

  /** Something waits. */
  came(nowNs: number): void {
    if (nowNs - this.#lastWriteNs > QUIET_NS) {
      this.#write();
    } else if (!this.#waits) {
      this.#waits = true;
      if (this.#isBusy) return;
      this.#isBusy = !this.#takeTurn(nowNs);
      this.#schedule(this.#isBusy ? BUSY_MS : 0);
    }
  }

  wrote(): void {
    this.#waits = false;
    this.#lastWriteNs = sinceOriginNs();
  }

  #takeTurn(nowNs: number): boolean {
    const earned = ((nowNs - this.#filledAtNs) * TURNS_PER_SECOND) / 1e9;
    if (earned >= 1) {
      this.#turns = Math.min(TURNS_AT_ONCE, this.#turns + earned);
      this.#filledAtNs = nowNs;
    }
    if (this.#turns < 1) return false;
    this.#turns--;
    return true;
  }
}
