const FIRST_CAPACITY = 65_536;

/** The start of a record whose rest comes with a later chunk, in one contiguous piece. */
export class StraddlingBytes {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Of these the first `length` count; another array after an `append`. */
  get bytes(): Uint8Array {
    return this.#buffer;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
  }

  clear(): void {
    this.#length = 0;
  }

  #grow(needed: number): void {
    let capacity = this.#buffer.length;
    while (capacity < needed) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
