/** An AsyncIterable with a bounded buffer; what does not fit is dropped and counted. */
export interface PacketStream<T> extends AsyncIterable<T> {
  /** Packets that this reader was too slow to get. */
  readonly dropped: number;
}

type Ending = { readonly error?: Error };

/** One reader's queue: filled from the first moment, emptied by one `for await`. */
export class PacketQueue<T> implements PacketStream<T>, AsyncIterator<T, undefined> {
  readonly #limit: number;
  readonly #onAbandoned: () => void;
  #items: T[] = [];
  #next = 0;
  #dropped = 0;
  #ending: Ending | undefined;
  #wake: (() => void) | undefined;

  constructor(limit: number, onAbandoned: () => void) {
    this.#limit = limit;
    this.#onAbandoned = onAbandoned;
  }

  get dropped(): number {
    return this.#dropped;
  }

  push(item: T): void {
    if (this.#items.length - this.#next >= this.#limit) {
      this.#dropped += 1;
      return;
    }
    this.#items.push(item);
    this.#wake?.();
  }

  /** The reader gets what is queued, then the end, or the error. */
  end(error?: Error): void {
    this.#ending ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#next === this.#items.length) {
      if (this.#ending?.error !== undefined) throw this.#ending.error;
      if (this.#ending !== undefined) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { done: false, value: this.#take() };
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#items = [];
    this.#next = 0;
    this.end();
    this.#onAbandoned();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Only called with an item queued. An index in place of shift(), which is linear. */
  #take(): T {
    const item = this.#items[this.#next] as T;
    this.#next += 1;
    if (this.#next === this.#items.length || this.#next >= this.#limit) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
    return item;
  }
}
