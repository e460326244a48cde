const WORD = 0x1_0000_0000;
const HALF = 0x1_0000;
const SECOND_NS = 1_000_000_000;
/** Divisors stay below 2³⁰, so that a remainder shifted by 16 bits stays below 2⁵³. */
const MAX_DIGITS = 9;
/** Below this, `high × 2³² + low` is exact. */
const EXACT_HIGH = 0x20_0000;

export interface TickClockOptions {
  /** A tick is `base` to the minus `exponent` of a second. */
  readonly base: 10 | 2;
  readonly exponent: number;
  readonly offsetSeconds: number;
}

/**
 * Turns 64-bit counts of ticks into seconds and nanoseconds, by integer arithmetic that stays exact without BigInt.
 * Finer fractions than a nanosecond are cut off (base 2: ticks finer than 2⁻⁶⁴ s before they are counted).
 */
export class TickClock {
  seconds = 0;
  nanoseconds = 0;

  readonly #decimal: boolean;
  /** Divisors (base 10) that leave ticks of `10^-digits`, or bits (base 2) to cut off. */
  readonly #coarsening: readonly number[];
  /** Base 10: ticks a second after that. Base 2: bits of the fraction. */
  readonly #unit: number;
  readonly #tickNs: number;
  readonly #offsetSeconds: number;
  #high = 0;
  #low = 0;
  #remainder = 0;

  constructor({ base, exponent, offsetSeconds }: TickClockOptions) {
    this.#decimal = base === 10;
    this.#offsetSeconds = offsetSeconds;
    const most = this.#decimal ? MAX_DIGITS : 64;
    const kept = Math.min(exponent, most);
    this.#unit = this.#decimal ? 10 ** kept : kept;
    this.#tickNs = this.#decimal ? 10 ** (MAX_DIGITS - kept) : 0;
    const step = this.#decimal ? MAX_DIGITS : 16;
    const coarsening: number[] = [];
    for (let left = exponent - kept; left > 0; left -= step) coarsening.push(base ** Math.min(left, step));
    this.#coarsening = coarsening;
  }

  /** Takes `high × 2³² + low` ticks. */
  set(high: number, low: number): void {
    if (this.#decimal && high < EXACT_HIGH && this.#coarsening.length === 0) {
      const ticks = high * WORD + low;
      const seconds = Math.floor(ticks / this.#unit);
      this.seconds = seconds + this.#offsetSeconds;
      this.nanoseconds = (ticks - seconds * this.#unit) * this.#tickNs;
      return;
    }
    this.#high = high;
    this.#low = low;
    for (const divisor of this.#coarsening) this.#divide(divisor);
    if (this.#decimal) this.#setDecimal();
    else this.#setBinary();
    this.seconds += this.#offsetSeconds;
  }

  #setDecimal(): void {
    this.#divide(this.#unit);
    this.seconds = this.#high * WORD + this.#low;
    this.nanoseconds = this.#remainder * this.#tickNs;
  }

  #setBinary(): void {
    const bits = this.#unit;
    // The ticks' upper and lower word, moved so that the point stands between seconds and a fraction of 64 bits.
    const unit = 2 ** (bits <= 32 ? bits : bits - 32);
    const shift = WORD / unit;
    const word = bits <= 32 ? this.#low : this.#high;
    const whole = Math.floor(word / unit);
    const rest = (word - whole * unit) * shift;
    this.seconds = bits <= 32 ? this.#high * shift + whole : whole;
    const lowWhole = bits <= 32 ? 0 : Math.floor(this.#low / unit);
    const lowRest = bits <= 32 ? 0 : (this.#low - lowWhole * unit) * shift;
    this.nanoseconds = nanosecondsOf(rest + lowWhole, lowRest);
  }

  /** Long division by at most 10⁹: a word, then two halves. */
  #divide(divisor: number): void {
    const high = Math.floor(this.#high / divisor);
    const upper = (this.#high - high * divisor) * HALF + Math.floor(this.#low / HALF);
    const middle = Math.floor(upper / divisor);
    const lower = (upper - middle * divisor) * HALF + (this.#low % HALF);
    const low = Math.floor(lower / divisor);
    this.#high = high;
    this.#low = middle * HALF + low;
    this.#remainder = lower - low * divisor;
  }
}

/** A fraction of 2⁶⁴ in two words, times 10⁹, a limb of 16 bits at a time: what is carried out of the top. */
function nanosecondsOf(high: number, low: number): number {
  let carry = Math.floor(((low % HALF) * SECOND_NS) / HALF);
  carry = Math.floor((Math.floor(low / HALF) * SECOND_NS + carry) / HALF);
  carry = Math.floor(((high % HALF) * SECOND_NS + carry) / HALF);
  return Math.floor((Math.floor(high / HALF) * SECOND_NS + carry) / HALF);
}
