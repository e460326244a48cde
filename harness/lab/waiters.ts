/** Whoever waits for the next change of something. */
export class Waiters {
  #wake: (() => void)[] = [];

  /** Resolves at the next {@link wakeAll}. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake.push(resolve);
    });
  }

  wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
