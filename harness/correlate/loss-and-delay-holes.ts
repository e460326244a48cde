import { seqDistance } from '../model/sequence-number.ts';

/** Holes followed at once; further ones make the oldest count as settled. */
const MOST_HOLES = 64;
const FIRST_HOLES = 4;
const NONE = new Int32Array(0);

/** Stretches of sequence space that were skipped, `[left, right)`. Allocates only once there is one. */
export class Holes {
  #edges = NONE;
  #count = 0;
  /** Octets of holes that were given up to make room. */
  #givenUp = 0;

  get any(): boolean {
    return this.#count > 0;
  }

  /** Sequence numbers skipped and not seen since. */
  get octets(): number {
    let octets = this.#givenUp;
    for (let at = 0; at < this.#count; at += 1) octets += seqDistance(this.#left(at), this.#right(at));
    return octets;
  }

  open(left: number, right: number): void {
    if (this.#count === MOST_HOLES) {
      this.#givenUp += seqDistance(this.#left(0), this.#right(0));
      this.#edges.copyWithin(0, 2);
      this.#count -= 1;
    } else if (this.#count * 2 === this.#edges.length) {
      const grown = new Int32Array(Math.max(this.#edges.length * 2, FIRST_HOLES * 2));
      grown.set(this.#edges);
      this.#edges = grown;
    }
    this.#set(this.#count, left, right);
    this.#count += 1;
  }

  /** @returns how many octets of `[left, right)` were holes and are no longer. */
  fill(left: number, right: number): number {
    let filled = 0;
    for (let at = this.#count - 1; at >= 0; at -= 1) {
      const holeLeft = this.#left(at);
      const holeRight = this.#right(at);
      const from = seqDistance(holeLeft, left) > 0 ? left : holeLeft;
      const until = seqDistance(holeRight, right) < 0 ? right : holeRight;
      const overlap = seqDistance(from, until);
      if (overlap <= 0) continue;
      filled += overlap;
      this.#remove(at);
      if (from !== holeLeft) this.open(holeLeft, from);
      if (until !== holeRight) this.open(until, holeRight);
    }
    return filled;
  }

  #remove(at: number): void {
    this.#edges.copyWithin(at * 2, at * 2 + 2, this.#count * 2);
    this.#count -= 1;
  }

  #left(at: number): number {
    return this.#edges[at * 2] ?? 0;
  }

  #right(at: number): number {
    return this.#edges[at * 2 + 1] ?? 0;
  }

  #set(at: number, left: number, right: number): void {
    this.#edges[at * 2] = left;
    this.#edges[at * 2 + 1] = right;
  }
}
