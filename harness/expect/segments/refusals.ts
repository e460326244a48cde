import type { ExpectedSegment } from './expected-segments.ts';
import type { State } from './match-state.ts';

/** Where one way of reading the text ended. */
export interface Refusal {
  /** What could have come there instead: a line of the text, or words. */
  readonly expected: readonly (ExpectedSegment | string)[];
  /** Index of the segment that does not fit; undefined when what is expected never came. */
  readonly at?: number;
  /** What of the segment does not fit, where its fields do not show it. */
  readonly note?: string;
}

interface Entry extends Omit<Refusal, 'expected'> {
  readonly state: State;
  readonly expected: ExpectedSegment | string;
}

/** Of all the ways that ended, remembers those that came furthest: they say most of what is wrong. */
export class Refusals {
  #furthest: readonly Entry[] = [];

  add(entry: Entry): void {
    const [best] = this.#furthest;
    const order = best === undefined ? 1 : compare(entry, best);
    if (order > 0) this.#furthest = [entry];
    else if (order === 0) this.#furthest = [...this.#furthest.slice(0, MAX_KEPT - 1), entry];
  }

  furthest(): Refusal {
    const [first] = this.#furthest;
    const expected = new Set(this.#furthest.map((each) => each.expected));
    return {
      expected: [...expected],
      ...(first?.at !== undefined && { at: first.at }),
      ...(first?.note !== undefined && { note: first.note }),
    };
  }
}

const MAX_KEPT = 3;

/** Further in the text, then further in the line, then later on the wire. */
function compare(a: Entry, b: Entry): number {
  const byText = a.state.item - b.state.item || a.state.done - b.state.done || a.state.unit - b.state.unit;
  if (byText !== 0) return byText;
  return (a.at ?? Infinity) === (b.at ?? Infinity) ? 0 : (a.at ?? Infinity) - (b.at ?? Infinity);
}
