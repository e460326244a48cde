import fs from 'node:fs';

// Taken now: a program may put stand-ins in their place.
const { closeSync, fstatSync, ftruncateSync, openSync, writeSync } = fs;

/**
 * A file that only grows, by a descriptor in a program that is not ours. Nothing is thrown once it is open: there is
 * nobody to tell.
 */
export class OwnFile {
  readonly #fd: number;
  readonly #identity: string;
  #bytes = 0;

  /** @throws what `fs` throws, for a file that exists, too */
  constructor(path: string) {
    this.#fd = openSync(path, 'wx');
    this.#identity = identityOf(this.#fd);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A program may close descriptors that it did not open, and the number then be another file's. */
  isOurs(): boolean {
    try {
      return identityOf(this.#fd) === this.#identity;
    } catch {
      return false;
    }
  }

  /** @returns whether all of them went in; else none did */
  append(bytes: Uint8Array, count: number): boolean {
    try {
      let from = 0;
      while (from < count) from += writeSync(this.#fd, bytes, from, count - from, this.#bytes + from);
      this.#bytes += count;
      return true;
    } catch {
      this.#takeBack();
      return false;
    }
  }

  /** In the place of octets that it has: a full disk takes that, too. */
  overwrite(bytes: Uint8Array, at: number): boolean {
    try {
      return writeSync(this.#fd, bytes, 0, bytes.length, at) === bytes.length;
    } catch {
      return false;
    }
  }

  close(): void {
    try {
      closeSync(this.#fd);
    } catch {
      // It was closed by the program.
    }
  }

  #takeBack(): void {
    try {
      ftruncateSync(this.#fd, this.#bytes);
    } catch {
      // Readers see a file that is cut.
    }
  }
}

function identityOf(fd: number): string {
  const { dev, ino } = fstatSync(fd);
  return `${dev}:${ino}`;
}
