import type { Item, Line } from './demand.ts';
import type { ExpectedSegment } from './expected-segments.ts';

/** An ACK that may still come: at the latest on what its sender sends next. */
export interface Owed {
  readonly segment: ExpectedSegment;
  /** Where its line stands. */
  readonly item: number;
  readonly inGroup: number | undefined;
  readonly need: number;
  /** Index of the segment from which its time counts; -1 for none. */
  readonly since: number;
}

/** How far into the text one way of reading it has come. */
export interface State {
  readonly item: number;
  /** How often a counted line has come; in a group, a bit for each line that has. */
  readonly done: number;
  /** In a group, the line that is under way. */
  readonly inGroup: number | undefined;
  /** Units of the line under way that have come, and octets of the one that is coming. */
  readonly unit: number;
  readonly octets: number;
  /** Index of the segment that completed the last line; -1 for none. */
  readonly last: number;
  readonly owed: readonly Owed[];
  /** Frames that were taken, newest first; not part of what tells states apart. */
  readonly frames: FrameList | undefined;
}

export interface FrameList {
  readonly frame: number;
  readonly before: FrameList | undefined;
}

export const FIRST: State = {
  item: 0,
  done: 0,
  inGroup: undefined,
  unit: 0,
  octets: 0,
  last: -1,
  owed: [],
  frames: undefined,
};

/** Two states with the same key have the same future. */
export function keyOf(
  { item, done, inGroup = -1, unit, octets, last, owed }: State,
  isTimed: boolean,
): string {
  const debts = owed.map((debt) => {
    return `${debt.item}/${debt.inGroup ?? ''}/${debt.need}/${isTimed ? debt.since : ''}`;
  });
  return `${item},${done},${inGroup},${unit},${octets},${isTimed ? last : ''},${debts.join(' ')}`;
}

export function withFrame(state: State, frame: number): State {
  if (state.frames?.frame === frame) return state;
  return { ...state, frames: { frame, before: state.frames } };
}

/** Oldest first. */
export function framesOf({ frames }: State): number[] {
  const all: number[] = [];
  for (let each = frames; each !== undefined; each = each.before) all.push(each.frame);
  return all.reverse();
}

export function linesOf(item: Item): readonly Line[] {
  if (item.kind === 'segment') return [item];
  return item.kind === 'any order' ? item.segments : [];
}

/** Whether this line of its item may come now, or is under way. */
export function mayBegin({ done, inGroup }: State, item: Item, line: number): boolean {
  if (item.kind !== 'any order') return true;
  return inGroup === undefined ? (done & (1 << line)) === 0 : inGroup === line;
}

/** Whether the item has come often enough. */
export function isSkippable({ done, inGroup, unit, octets }: State, item: Item): boolean {
  if (inGroup !== undefined || unit > 0 || octets > 0) return false;
  if (item.kind === 'segment') return done >= item.times.min;
  return linesOf(item).every(({ times }, line) => times.min === 0 || (done & (1 << line)) !== 0);
}

export function beyond(state: State): State {
  return { ...state, item: state.item + 1, done: 0 };
}

/** A line of the item has come, whole. */
export function complete(state: State, item: Item, line: number): State {
  const rested: State = { ...state, inGroup: undefined, unit: 0, octets: 0 };
  if (item.kind === 'any order') {
    const done = state.done | (1 << line);
    return done === (1 << item.segments.length) - 1 ? beyond(rested) : { ...rested, done };
  }
  if (item.kind !== 'segment') return beyond(rested);
  const { min, max } = item.times;
  const done = state.done + 1;
  if (done === max) return beyond(rested);
  // Without an upper bound more than enough is no news.
  return { ...rested, done: max === undefined ? Math.min(done, min) : done };
}
