const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGUSR2'];

/**
 * Keeps signals that were meant for a program from ending us before we have kept its record and told of it. Once the
 * program has ended, the second of them does.
 */
export class SpareSignal implements Disposable {
  #programEnded = false;
  #came = false;

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#take);
  }

  programEnded(): void {
    this.#programEnded = true;
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#take);
  }

  readonly #take = (signal: NodeJS.Signals): void => {
    if (!this.#programEnded) return;
    // Who is in a hurry types Ctrl-C twice, and the program ended at the first: the second was for it, too.
    if (this.#came) {
      this[Symbol.dispose]();
      process.kill(process.pid, signal);
    }
    this.#came = true;
  };
}
