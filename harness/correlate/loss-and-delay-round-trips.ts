import { DOUBLE } from './representation.ts';

/** Samples kept; of more, each has the same chance to be among them. The median's rank is then ±4 % (one sigma). */
const MOST_KEPT = 128;
const FIRST_KEPT = 16;
const NONE = new Float64Array(0);

/** Round-trip times of one direction, seconds. */
export interface RoundTripFigures {
  readonly samples: number;
  readonly minSeconds: number;
  /** Exact up to 128 samples, then that of a uniform selection of 128. */
  readonly medianSeconds: number;
  readonly maxSeconds: number;
}

/**
 * Gathers round-trip times. Up to three need no storage, for the middle one is the sum less the extremes: a short
 * connection allocates nothing. More are kept in a reservoir (Vitter's algorithm R), whose choices are the same in
 * every run.
 */
export class RoundTrips {
  #samples = 0;
  #min = DOUBLE;
  #max = DOUBLE;
  #sum = DOUBLE;
  #kept = NONE;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#samples = 0;
    this.#min = 0;
    this.#max = 0;
    this.#sum = 0;
    this.#kept = NONE;
  }

  get samples(): number {
    return this.#samples;
  }

  /** Takes over up to three samples; of more, no more than their number. */
  begin(samples: number, min: number, max: number, sum: number): void {
    this.#samples = samples;
    this.#min = min;
    this.#max = max;
    this.#sum = sum;
    this.#kept = NONE;
  }

  /** Takes over another's samples; the other is not to be added to any more. */
  adopt(other: RoundTrips): void {
    this.#samples = other.#samples;
    this.#min = other.#min;
    this.#max = other.#max;
    this.#sum = other.#sum;
    this.#kept = other.#kept;
  }

  add(seconds: number): void {
    const samples = this.#samples;
    if (samples === 3) this.#keepFirstThree();
    if (samples >= 3) this.#keep(samples, seconds);
    else this.#sum += seconds;
    if (samples === 0 || seconds < this.#min) this.#min = seconds;
    if (samples === 0 || seconds > this.#max) this.#max = seconds;
    this.#samples = samples + 1;
  }

  /** Infinite without a sample. */
  get shortestSeconds(): number {
    return this.#samples === 0 ? Number.POSITIVE_INFINITY : this.#min;
  }

  get longestSeconds(): number {
    return this.#max;
  }

  /** As in {@link RoundTripFigures}. */
  get medianSeconds(): number {
    return this.#median();
  }

  /** Undefined without a sample. */
  figures(): RoundTripFigures | undefined {
    if (this.#samples === 0) return undefined;
    return {
      samples: this.#samples,
      minSeconds: this.#min,
      medianSeconds: this.#median(),
      maxSeconds: this.#max,
    };
  }

  #median(): number {
    if (this.#samples < 3) return this.#sum / this.#samples;
    if (this.#samples === 3) return this.#middleOfThree();
    const sorted = this.#kept.slice(0, Math.min(this.#samples, MOST_KEPT)).sort();
    const upper = sorted[sorted.length >> 1] ?? 0;
    return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] ?? 0)) / 2;
  }

  #middleOfThree(): number {
    // Rounding of the sum must not carry it past an extreme.
    return Math.min(Math.max(this.#sum - this.#min - this.#max, this.#min), this.#max);
  }

  #keepFirstThree(): void {
    this.#kept = new Float64Array(FIRST_KEPT);
    this.#kept.set([this.#min, this.#middleOfThree(), this.#max]);
  }

  #keep(index: number, seconds: number): void {
    if (index >= MOST_KEPT) {
      const place = Math.floor((scatter(index) / 2 ** 32) * (index + 1));
      if (place < MOST_KEPT) this.#kept[place] = seconds;
      return;
    }
    if (index === this.#kept.length) {
      const grown = new Float64Array(index * 2);
      grown.set(this.#kept);
      this.#kept = grown;
    }
    this.#kept[index] = seconds;
  }
}

/** Of a count, 32 bits that look like chance. Source: MurmurHash3's finalizer. */
function scatter(index: number): number {
  let bits = Math.imul(index ^ (index >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
