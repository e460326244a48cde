const NONE = -1;

/**
 * Small integers in the order in which they were added, each at most once; taking any of them out costs as little as
 * the first. Over typed arrays: allocates only to grow.
 */
export class SlotList {
  #next = new Int32Array(8192).fill(NONE);
  #previous = new Int32Array(8192).fill(NONE);
  #first = NONE;
  #last = NONE;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that was added first; -1 when there is none. */
  get first(): number {
    return this.#first;
  }

  /** The one that was added after that one; -1 behind the last. */
  after(slot: number): number {
    return this.#next[slot] ?? NONE;
  }

  /** One that is not in the list. */
  add(slot: number): void {
    if (slot >= this.#next.length) this.#grow(slot);
    this.#next[slot] = NONE;
    this.#previous[slot] = this.#last;
    if (this.#last === NONE) this.#first = slot;
    else this.#next[this.#last] = slot;
    this.#last = slot;
    this.#size++;
  }

  /** One that is in the list. */
  remove(slot: number): void {
    const next = this.#next[slot] ?? NONE;
    const previous = this.#previous[slot] ?? NONE;
    if (previous === NONE) this.#first = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#last = previous;
    else this.#previous[next] = previous;
    this.#size--;
  }

  #grow(slot: number): void {
    const capacity = Math.max(slot + 1, this.#next.length * 2);
    this.#next = grown(this.#next, capacity);
    this.#previous = grown(this.#previous, capacity);
  }
}

function grown(values: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(capacity).fill(NONE);
  wider.set(values);
  return wider;
}
