import { Waiters } from '../../harness/lab/waiters.ts';

/** More would share two cores and wait for each other, while their deadlines run. */
const AT_ONCE = 4;

/** Runs what it is given, a few at once: ava begins all the tests of a file together. */
export class FewAtOnce {
  readonly #waiters = new Waiters();
  #running = 0;

  async run<T>(body: () => Promise<T>): Promise<T> {
    while (this.#running === AT_ONCE) await this.#waiters.wait();
    this.#running++;
    try {
      return await body();
    } finally {
      this.#running--;
      this.#waiters.wakeAll();
    }
  }
}
