import { type WaitOptions, withDeadline } from '../harness/timing.ts';
import type { CaptureStats } from './capture-stats.ts';

/** Asks a running tcpdump for its counts, and keeps the last that it gave. */
export class PacketCounts {
  readonly #signal: () => void;
  #latest: CaptureStats = { captured: 0, received: 0, dropped: 0 };
  #turn: Promise<unknown> = Promise.resolve();
  #onAnswer: (() => void) | undefined;
  #ending: { readonly failure: Error | undefined } | undefined;

  /** `signal` makes tcpdump print its counts. */
  constructor(signal: () => void) {
    this.#signal = signal;
  }

  get latest(): CaptureStats {
    return this.#latest;
  }

  /** tcpdump has printed its counts. */
  note(counts: CaptureStats): void {
    this.#latest = counts;
    this.#answer();
  }

  /** No more will come; a failure goes to all who ask or are waiting. */
  end(failure: Error | undefined): void {
    this.#ending ??= { failure };
    this.#answer();
  }

  /** Counts that are no older than this call. */
  async ask(options: WaitOptions): Promise<CaptureStats> {
    options.signal?.throwIfAborted();
    // One at a time: signals of the same number that are pending together are delivered as one.
    const turn = this.#turn.then(async () => await this.#takeTurn());
    this.#turn = turn.catch(() => undefined);
    return await withDeadline(turn, { what: "tcpdump's packet counts" }, options);
  }

  async #takeTurn(): Promise<CaptureStats> {
    if (this.#ending === undefined) {
      const answered = new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
      this.#signal();
      await answered;
    }
    this.#throwIfFailed();
    return this.#latest;
  }

  #throwIfFailed(): void {
    if (this.#ending?.failure !== undefined) throw this.#ending.failure;
  }

  #answer(): void {
    this.#onAnswer?.();
    this.#onAnswer = undefined;
  }
}
