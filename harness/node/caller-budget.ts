import { type Below, type Caller, newCaller } from './call-site.ts';

/** Reads a stack, as the CallerReader does. */
export interface StackReader {
  callerOf(below: Below): Caller;
}

/** Stacks that a thread may read at once after a quiet time, and a second. Each takes 4 µs, and 20 µs amid other work. */
const READS_AT_ONCE = 2000;
const READS_PER_SECOND = 250;
/** As many equal answers make a habit. */
const HABIT = 16;
/** A program that makes servers without end must not fill the memory. */
const KEPT_CONTEXTS = 4096;

/** What calls of one kind in one context have told so far. */
interface Habit {
  readonly caller: Caller;
  /** Answers in a row, all the same; −1 once two differed. */
  equal: number;
}

/**
 * Reads who called while that is cheap. Under hundreds of calls a second, a call whose kind has come from one place
 * every time it was read, is taken to have come from there again, and says that this is inferred. Kinds with several
 * places are always read.
 */
export class CallerBudget {
  readonly #reader: StackReader;
  readonly #habits = new Map<Below, Map<number, Habit>>();
  #reads = READS_AT_ONCE;
  #filledAtNs = 0;

  constructor(reader: StackReader) {
    this.#reader = reader;
  }

  /**
   * Who called `below`, which must be on the stack.
   * @param context what tells calls of this kind apart for free: where a socket came from, and how far it had come
   */
  callerOf(below: Below, context: number, atNs: number): Caller {
    const habit = this.#habits.get(below)?.get(context);
    this.#refill(atNs);
    if (this.#reads < 1 && habit !== undefined && habit.equal >= HABIT) return inferred(habit.caller);
    this.#reads--;
    const caller = this.#reader.callerOf(below);
    if (habit !== undefined)
      habit.equal = habit.equal >= 0 && isSame(habit.caller, caller) ? habit.equal + 1 : -1;
    else this.#begin(below, context, caller);
    return caller;
  }

  #refill(atNs: number): void {
    const earned = ((atNs - this.#filledAtNs) * READS_PER_SECOND) / 1e9;
    if (earned < 1) return;
    this.#reads = Math.min(READS_AT_ONCE, Math.max(0, this.#reads) + earned);
    this.#filledAtNs = atNs;
  }

  #begin(below: Below, context: number, caller: Caller): void {
    let habits = this.#habits.get(below);
    if (habits === undefined) this.#habits.set(below, (habits = new Map<number, Habit>()));
    if (habits.size >= KEPT_CONTEXTS) habits.clear();
    habits.set(context, { caller, equal: 1 });
  }
}

function isSame(a: Caller, b: Caller): boolean {
  return a.siteId === b.siteId && a.by === b.by;
}

function inferred(caller: Caller): Caller {
  return (caller.inferred ??= newCaller(caller.by, caller.siteId, caller.layer, true));
}
