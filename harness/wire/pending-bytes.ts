const FIRST_CAPACITY = 65_536;

/** Bytes received and not yet used, in one contiguous piece. */
export class PendingBytes {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #start = 0;
  #end = 0;
  #offset = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Offset in the whole stream of the first pending byte. */
  get offset(): number {
    return this.#offset;
  }

  append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Valid until the next `append`. */
  view(): DataView {
    return new DataView(this.#buffer.buffer, this.#start, this.length);
  }

  skip(count: number): void {
    this.#start += count;
    this.#offset += count;
  }

  /** A copy. */
  take(count: number): Uint8Array {
    const bytes = this.#buffer.slice(this.#start, this.#start + count);
    this.skip(count);
    return bytes;
  }

  #makeRoom(count: number): void {
    const needed = this.length + count;
    let capacity = this.#buffer.length;
    while (capacity < needed) capacity *= 2;
    const grown = capacity === this.#buffer.length ? this.#buffer : new Uint8Array(capacity);
    grown.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = grown;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
