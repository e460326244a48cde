import type { CaptureSource } from '../index.ts';

const BAR_CELLS = 24;

/** A bar on stderr for a long file, where stderr is a terminal; a whole per cent at a time. */
export class Progress implements Disposable {
  readonly #source: CaptureSource;
  #shown = -1;

  constructor(source: CaptureSource) {
    this.#source = source;
  }

  show(): void {
    const { totalBytes, bytesRead } = this.#source;
    if (!process.stderr.isTTY || totalBytes === undefined || totalBytes === 0) return;
    const percent = Math.floor((bytesRead() / totalBytes) * 100);
    if (percent === this.#shown) return;
    this.#shown = percent;
    const full = Math.round((percent / 100) * BAR_CELLS);
    process.stderr.write(`\r[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}] ${percent} %`);
  }

  clear(): void {
    if (this.#shown !== -1) process.stderr.write('\r\u001B[K');
    this.#shown = -1;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
