import { Holes } from './loss-and-delay-holes.ts';

/** What {@link LossDirection} keeps of a side only once something went wrong there. Times are seconds. */
export class Trouble {
  readonly holes: Holes = new Holes();
  /** Octets that the other side acknowledged and that were never seen: the capture missed them. */
  missedOctets = 0;
  zeroWindowTimes = 0;
  #closed = false;
  #closedAt = 0;
  #closedSeconds = 0;

  close(time: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closedAt = time;
    this.zeroWindowTimes += 1;
  }

  open(time: number): void {
    this.#closedSeconds = this.closedSeconds(time);
    this.#closed = false;
  }

  /** A period that has not ended is counted up to `now`. */
  closedSeconds(now: number): number {
    return this.#closed ? this.#closedSeconds + Math.max(now - this.#closedAt, 0) : this.#closedSeconds;
  }
}
