import type { TrackedSegment } from '../../model/connection.ts';
import { type Arrival, arrivalsOf } from './arrivals.ts';
import type { ExpectedSegments } from './expected-segments.ts';
import { type Item, itemOf } from './demand.ts';
import { LineTaker, type Position } from './line-taker.ts';
import {
  beyond,
  complete,
  FIRST,
  framesOf,
  isSkippable,
  keyOf,
  linesOf,
  mayBegin,
  type State,
} from './match-state.ts';
import { type Refusal, Refusals } from './refusals.ts';

export type MatchResult =
  | { readonly outcome: 'matched'; readonly frames: readonly number[] }
  /** `refusal.at` is the segment that does not fit; undefined when something never came. */
  | { readonly outcome: 'mismatch'; readonly refusal: Refusal }
  /** There were too many ways of reading the text. */
  | { readonly outcome: 'too many ways' };

/** Steps that matching may take, and more of them for each segment: far beyond what any honest text needs. */
const STEPS = 400_000;
const STEPS_PER_SEGMENT = 50;

/**
 * Holds segments, in the order in which they were captured, against what a text expects. Follows all ways of reading
 * the text at once, each kept once, so that time grows with text × segments and never exponentially.
 *
 * Unless strict, it looks at the octets as they arrive: however they are cut into segments, an ACK at any time until
 * its sender sends something else, retransmissions and more ACKs at any time; and what follows the last line is free.
 */
export function matchSegments(expected: ExpectedSegments, segments: readonly TrackedSegment[]): MatchResult {
  return new Matcher(expected, segments).match();
}

class Matcher {
  readonly #strict: boolean;
  readonly #items: readonly Item[];
  readonly #isTimed: boolean;
  readonly #arrivals: readonly Arrival[];
  readonly #refusals = new Refusals();
  readonly #taker: LineTaker;
  #stepsLeft: number;

  constructor({ strict, items }: ExpectedSegments, segments: readonly TrackedSegment[]) {
    this.#strict = strict;
    this.#items = items.map((item) => itemOf(item, strict));
    this.#isTimed = this.#items.some((item) =>
      linesOf(item).some(({ segment }) => segment.sinceMs !== undefined),
    );
    this.#arrivals = arrivalsOf(segments);
    this.#taker = new LineTaker({ strict, segments, refusals: this.#refusals });
    this.#stepsLeft = STEPS + STEPS_PER_SEGMENT * segments.length;
  }

  match(): MatchResult {
    let states: readonly State[] = [FIRST];
    for (const [index, arrival] of this.#arrivals.entries()) {
      const next = this.#step(states, arrival, index);
      if (next === undefined) return { outcome: 'too many ways' };
      if (next.length === 0) return { outcome: 'mismatch', refusal: this.#refusals.furthest() };
      states = next;
      const over = states.find((state) => this.#isOver(state));
      if (over !== undefined) return { outcome: 'matched', frames: framesOf(over) };
    }
    return this.#conclude(states);
  }

  /** Whether nothing that may still come matters any more. */
  #isOver({ item, owed }: State): boolean {
    return !this.#strict && item >= this.#items.length && owed.length === 0;
  }

  #step(states: readonly State[], arrival: Arrival, index: number): State[] | undefined {
    const kept = new Map<string, State>();
    const seen = new Set<string>();
    const work: Position[] = [];
    const push = (position: Position): void => {
      const { state, unit, octets, isTaken } = position;
      const key = `${unit},${octets},${isTaken ? 1 : 0},${keyOf(state, this.#isTimed)}`;
      if (seen.has(key)) return;
      seen.add(key);
      work.push(position);
    };
    for (const state of states) {
      const settled = this.#taker.settleOwed(state, arrival, index);
      if (settled !== undefined) push({ state: settled, unit: 0, octets: 0, isTaken: false });
    }
    for (let position = work.pop(); position !== undefined; position = work.pop()) {
      if (--this.#stepsLeft < 0) return undefined;
      if (this.#absorbs(position, arrival)) {
        const { state } = position;
        kept.set(keyOf(state, this.#isTimed), state);
      }
      this.#advance(position, arrival, index, push);
    }
    this.#taker.note(arrival);
    return [...kept.values()];
  }

  /** Whether this way needs no more of the segment, and waits for the next. */
  #absorbs(position: Position, arrival: Arrival): boolean {
    const { state, unit, isTaken } = position;
    const item = this.#items[state.item];
    if (item?.kind === 'gap') return true;
    if (this.#strict) return isTaken;
    if (item === undefined) return true;
    const isSpent = arrival.units.slice(unit).every(({ mayBeIgnored }) => mayBeIgnored);
    if (!isSpent || arrival.acknowledgesUnsent) return false;
    return !linesOf(item).some((line, at) => {
      return (
        mayBegin(state, item, at) && this.#taker.isDue({ ...position, line, inGroup: undefined }, arrival)
      );
    });
  }

  #advance(position: Position, arrival: Arrival, index: number, push: (position: Position) => void): void {
    const { state } = position;
    const item = this.#items[state.item];
    if (item === undefined || item.kind === 'end') {
      this.#refuseRest(position, arrival, index);
      return;
    }
    if (item.kind === 'gap') {
      push({ ...position, state: beyond(state) });
      // What is looked for may stand behind something else in the same segment.
      if (!this.#strict && arrival.units[position.unit] !== undefined) {
        push({ ...position, unit: position.unit + 1, octets: 0 });
      }
      return;
    }
    if (!this.#strict && arrival.acknowledgesUnsent) {
      this.#refusals.add({ state, expected: 'an acknowledgement of octets that were sent', at: index });
      return;
    }
    for (const [at, line] of linesOf(item).entries()) {
      if (!mayBegin(state, item, at)) continue;
      const inGroup = item.kind === 'any order' ? at : undefined;
      for (const taken of this.#taker.take({ ...position, line, inGroup }, arrival, index)) {
        push(taken.isComplete ? { ...taken, state: complete(taken.state, item, at) } : taken);
      }
    }
    if (isSkippable(state, item)) push({ ...position, state: beyond(state) });
    if (arrival.units[position.unit]?.mayBeIgnored === true && position.octets === 0) {
      push({ ...position, unit: position.unit + 1 });
    }
  }

  #refuseRest({ state, unit, isTaken, cutBy }: Position, { units }: Arrival, index: number): void {
    const isLeft = this.#strict ? !isTaken : this.#items[state.item] !== undefined && unit < units.length;
    if (isLeft) this.#refusals.add({ state, expected: cutBy ?? 'nothing more', at: index });
  }

  #conclude(states: readonly State[]): MatchResult {
    const ends = states.flatMap((state) => this.#skipToEnd(state));
    const whole = ends.filter(({ item, owed }) => {
      return owed.length === 0 && (item >= this.#items.length || this.#items[item]?.kind === 'end');
    });
    // One way of reading may do with fewer segments, where an ACK came twice; what shows most is told.
    const [frames] = whole.map(framesOf).sort((a, b) => b.length - a.length);
    if (frames !== undefined) return { outcome: 'matched', frames };
    for (const state of ends) {
      const item = this.#items[state.item];
      const lines = item === undefined ? [] : linesOf(item).filter((_line, at) => mayBegin(state, item, at));
      const wanted = [...state.owed.map(({ segment }) => segment), ...lines.map(({ segment }) => segment)];
      for (const segment of wanted) this.#refusals.add({ state, expected: segment });
    }
    return { outcome: 'mismatch', refusal: this.#refusals.furthest() };
  }

  /** Where a state gets to with no further segment: past gaps, optional lines, and ACKs that came before. */
  #skipToEnd(from: State): State[] {
    const ends: State[] = [];
    const seen = new Set<string>();
    const work = [from];
    for (let state = work.pop(); state !== undefined; state = work.pop()) {
      const key = keyOf(state, this.#isTimed);
      if (seen.has(key)) continue;
      seen.add(key);
      const item = this.#items[state.item];
      const acked = item?.kind === 'segment' ? this.#taker.takeAckOfBefore(state, item) : undefined;
      if (item?.kind === 'gap' || (item !== undefined && isSkippable(state, item))) work.push(beyond(state));
      else if (acked !== undefined && item !== undefined) work.push(complete(acked, item, 0));
      else ends.push(state);
    }
    return ends;
  }
}
