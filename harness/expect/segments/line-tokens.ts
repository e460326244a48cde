import { SegmentsSyntaxError } from './segments-syntax-error.ts';

interface Token {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

/** Braces and signs stand alone; everything else runs to the next space. */
const TOKEN = /\+-|[{}±]|→|>|[^\s{}±→>]+/gu;

/** One line of a text, word by word; its comment is gone. */
export class LineTokens {
  readonly number: number;
  readonly #line: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(line: string, number: number) {
    this.number = number;
    this.#line = line;
    const told = line.replace(/#.*$/su, '');
    this.#tokens = [...told.matchAll(TOKEN)].map(({ 0: text, index }) => ({
      text,
      column: Array.from(told.slice(0, index)).length + 1,
    }));
  }

  get isEmpty(): boolean {
    return this.#tokens.length === 0;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  peek(): string | undefined {
    return this.#tokens[this.#at]?.text;
  }

  /** The next word, if there is one. */
  next(): string | undefined {
    const token = this.#tokens[this.#at];
    if (token !== undefined) this.#at += 1;
    return token?.text;
  }

  take(word: string): boolean {
    if (this.peek() !== word) return false;
    this.#at += 1;
    return true;
  }

  expect(word: string, otherwise: string): void {
    if (!this.take(word)) throw this.wrong(otherwise);
  }

  expectEnd(): void {
    const extra = this.peek();
    if (extra !== undefined) throw this.wrong(`"${extra}" was not expected here`);
  }

  /** An error at the next word. */
  wrong(problem: string): SegmentsSyntaxError {
    return this.#wrongAt(problem, this.#tokens[this.#at]);
  }

  /** An error at the word that was taken last. */
  wrongLast(problem: string): SegmentsSyntaxError {
    return this.#wrongAt(problem, this.#tokens[this.#at - 1]);
  }

  #wrongAt(problem: string, token: Token | undefined): SegmentsSyntaxError {
    const last = this.#tokens.at(-1);
    const behind = last === undefined ? 1 : last.column + Array.from(last.text).length;
    const place = { line: this.number, column: token?.column ?? behind, text: this.#line };
    return new SegmentsSyntaxError(problem, place);
  }
}
