/** Who follows a slot's connection. */
export const By = { NOBODY: 0, PREDICTION: 1, RECORD: 2 } as const;

/**
 * Room for most captures: V8 takes a field that was never set again for a constant, and whatever grows in mid-capture
 * throws away the code that was compiled on that belief.
 */
const FIRST_SLOTS = 8192;

/** Places for connections, as small integers that are used again, and what the engine notes of each. */
export class Slots {
  /** A place in {@link By}. */
  followedBy: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_SLOTS);
  /** The connection's id. */
  ids: Int32Array<ArrayBuffer> = new Int32Array(FIRST_SLOTS);
  /** 1: it is over and waits for stragglers. */
  lingers: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_SLOTS);
  #used = 0;
  readonly #free: number[] = [];

  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const slot = this.#used++;
    if (slot === this.ids.length) this.#grow();
    return slot;
  }

  release(slot: number): void {
    this.lingers[slot] = 0;
    this.followedBy[slot] = By.NOBODY;
    this.#free.push(slot);
  }

  #grow(): void {
    const capacity = this.ids.length * 2;
    const followedBy = new Uint8Array(capacity);
    const ids = new Int32Array(capacity);
    const lingers = new Uint8Array(capacity);
    followedBy.set(this.followedBy);
    ids.set(this.ids);
    lingers.set(this.lingers);
    this.followedBy = followedBy;
    this.ids = ids;
    this.lingers = lingers;
  }
}
