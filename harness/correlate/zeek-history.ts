import * as Letter from '../prediction/letter.ts';

/** Indexed by {@link Letter}. */
const TEXT = '?SHADFRIQCGTW^';
const LETTER_MASK = 0x1f;

/** Letters kept of one connection. Sixteen is the most that an orderly one has; ten thousand losses add five. */
export const HISTORY_CAPACITY = 48;
const WORDS = HISTORY_CAPACITY / Letter.PER_WORD;

/**
 * Zeek's `history` of one connection, packed into integers so that a letter costs no allocation. Letters beyond
 * {@link HISTORY_CAPACITY} are left out (Zeek has no limit): only hostile traffic gets there.
 */
export class ZeekHistory {
  #letters = 0;
  #word0 = 0;
  #word1 = 0;
  /** The words after those two, which few connections need. */
  #more: Int32Array | undefined = undefined;

  clear(): void {
    this.#letters = 0;
    this.#word0 = 0;
    this.#word1 = 0;
    this.#more = undefined;
  }

  /** Takes over as many letters as two words hold, packed as here. */
  adopt(letters: number, word0: number, word1: number): void {
    this.#letters = letters;
    this.#word0 = word0;
    this.#word1 = word1;
    this.#more = undefined;
  }

  append(letter: number, byOriginator: boolean): void {
    const at = this.#letters;
    if (at === HISTORY_CAPACITY) return;
    this.#letters = at + 1;
    const code = byOriginator || letter === Letter.FLIP ? letter : letter | Letter.RESPONDER;
    const bits = code << ((at % Letter.PER_WORD) * Letter.BITS);
    const word = (at / Letter.PER_WORD) | 0;
    if (word === 0) {
      this.#word0 |= bits;
    } else if (word === 1) {
      this.#word1 |= bits;
    } else {
      this.#more ??= new Int32Array(WORDS - 2);
      this.#more[word - 2] = (this.#more[word - 2] ?? 0) | bits;
    }
  }

  /** Whether it is exactly `H`: a SYN,ACK from who so far counts as the originator, and nothing else. */
  get isLoneSynAck(): boolean {
    return this.#letters === 1 && this.#word0 === Letter.SYN_ACK;
  }

  /** `ShADadFf`. */
  toString(): string {
    const words = [this.#word0, this.#word1, ...(this.#more ?? [])];
    let text = '';
    for (let at = 0; at < this.#letters; at += 1) {
      const word = words[(at / Letter.PER_WORD) | 0] ?? 0;
      const bits = (word >>> ((at % Letter.PER_WORD) * Letter.BITS)) & LETTER_MASK;
      const letter = TEXT.charAt(bits & ~Letter.RESPONDER);
      text += (bits & Letter.RESPONDER) === 0 ? letter : letter.toLowerCase();
    }
    return text;
  }
}
