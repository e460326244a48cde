import type { Side, TrackedSegment } from '../../model/connection.ts';
import { Acknowledged, brings, endsAll, needOf } from './acknowledged.ts';
import type { Arrival, Unit } from './arrivals.ts';
import { completes, hasFieldsOf, hasFlagsOf, type Line, mayCount, type UnitDemand } from './demand.ts';
import { type ExpectedSegment, isWithin, renderMs } from './expected-segments.ts';
import { type State, withFrame } from './match-state.ts';
import { type Way, waysThrough } from './octet-ways.ts';
import type { Refusals } from './refusals.ts';

/** How far one way of reading has come, in the text and within the segment that is looked at. */
export interface Position {
  readonly state: State;
  /** Units of the segment that lines have taken, and octets of the next. */
  readonly unit: number;
  readonly octets: number;
  /** A line took the segment as it stands; no other can. */
  readonly isTaken: boolean;
  /** The line that took the octets before: when no line wants the rest, it is that one that is wrong. */
  readonly cutBy?: ExpectedSegment | undefined;
}

/** A way on, and whether the line is complete there. */
export interface Taken extends Position {
  readonly isComplete: boolean;
}

/** A line that is tried at a position. */
export interface Attempt extends Position {
  readonly line: Line;
  readonly inGroup: number | undefined;
}

interface TakerOptions {
  readonly strict: boolean;
  readonly segments: readonly TrackedSegment[];
  readonly refusals: Refusals;
}

/** Lets single lines take what they ask for from single segments. */
export class LineTaker {
  readonly #strict: boolean;
  readonly #segments: readonly TrackedSegment[];
  readonly #refusals: Refusals;
  readonly #acknowledged = new Acknowledged();

  constructor({ strict, segments, refusals }: TakerOptions) {
    this.#strict = strict;
    this.#segments = segments;
    this.#refusals = refusals;
  }

  /** Remembers a segment once all ways have looked at it. */
  note(arrival: Arrival): void {
    this.#acknowledged.note(arrival);
  }

  /** Strikes out the ACKs that this segment brings; undefined when it brings one too early or too late. */
  settleOwed(state: State, { tracked, units }: Arrival, index: number): State | undefined {
    const [come, left] = [
      state.owed.filter(({ segment, need }) => brings(segment, tracked, need)),
      state.owed.filter(({ segment, need }) => !brings(segment, tracked, need)),
    ];
    if (left.length > 0 && units.some(endsAll)) {
      this.#refusals.add({ state, expected: left[0]?.segment ?? 'an ACK', at: index });
      return undefined;
    }
    if (come.length === 0) return state;
    for (const { segment, since } of come) {
      if (!this.#isTimely(segment, { state, since }, index)) return undefined;
    }
    return withFrame({ ...state, owed: left }, tracked.segment.frame);
  }

  /** The ways on when this line comes now; none when the segment does not say it. */
  take(attempt: Attempt, arrival: Arrival, index: number): Taken[] {
    const { demand } = attempt.line;
    switch (demand.by) {
      case 'segment':
        return this.#takeSegment(attempt, arrival, index, demand.isPureAck);
      case 'ack':
        return this.#takeAck(attempt, arrival, index);
      case 'units':
        return this.#takeUnit(attempt, arrival, index, demand.units);
    }
  }

  /** A line of ACK that an earlier segment has met. */
  takeAckOfBefore(state: State, { segment, demand }: Line): State | undefined {
    return demand.by === 'ack' && this.#acknowledged.coversAll(segment) ? state : undefined;
  }

  /** Whether the segment says what a line of ACK asks for: the first that does is the one, in time or not. */
  isDue(attempt: Attempt, arrival: Arrival): boolean {
    const { segment, demand } = attempt.line;
    if (demand.by !== 'ack') return false;
    const need = needOf(segment, attempt, arrival);
    return this.#acknowledged.covers(segment, need) || brings(segment, arrival.tracked, need);
  }

  #takeSegment(attempt: Attempt, arrival: Arrival, index: number, isPureAck: boolean): Taken[] {
    const { line, state, unit, octets, isTaken } = attempt;
    const { tracked, units } = arrival;
    const { segment } = line;
    if (isTaken || unit > 0 || octets > 0) return [];
    const fits =
      tracked.from === segment.from &&
      hasFlagsOf(segment, tracked, this.#strict) &&
      hasFieldsOf(segment, tracked) &&
      (this.#strict || mayCount(segment, tracked)) &&
      !(isPureAck && units.length > 0);
    if (!fits) {
      if (this.#strict || units.length > 0) this.#refusals.add({ state, expected: segment, at: index });
      return [];
    }
    const since = state.last;
    if (!this.#isTimely(segment, { state, since }, index)) return [];
    if (units.length > 0 && this.#isOverdue(state, tracked.from, index)) return [];
    const taken = withFrame({ ...state, last: index }, tracked.segment.frame);
    return [{ state: taken, unit: units.length, octets: 0, isTaken: true, isComplete: true }];
  }

  #takeAck(attempt: Attempt, arrival: Arrival, index: number): Taken[] {
    const { line, state, unit, octets, isTaken, cutBy } = attempt;
    const { segment } = line;
    const { tracked, units } = arrival;
    const need = needOf(segment, attempt, arrival);
    const here = { unit, octets, isTaken, cutBy, isComplete: true };
    if (this.#acknowledged.covers(segment, need)) return [{ ...here, state }];
    if (brings(segment, tracked, need)) {
      if (!this.#isTimely(segment, { state, since: state.last }, index)) return [];
      return [{ ...here, state: withFrame({ ...state, last: index }, tracked.segment.frame) }];
    }
    // It may come later; while nothing else has to be read, nobody need decide.
    const ahead = units[unit];
    if (ahead === undefined) return [];
    if (endsAll(ahead)) {
      this.#refusals.add({ state, expected: segment, at: index });
      return [];
    }
    const owed = { segment, item: state.item, inGroup: attempt.inGroup, need, since: state.last };
    return [{ ...here, state: { ...state, owed: [...state.owed, owed] } }];
  }

  #takeUnit(attempt: Attempt, arrival: Arrival, index: number, demands: readonly UnitDemand[]): Taken[] {
    const { state, line, inGroup, unit, octets } = attempt;
    const { segment } = line;
    const found = arrival.units[unit];
    const demand = demands[state.unit];
    if (found === undefined || demand === undefined) return [];
    const wrong = { state, expected: attempt.cutBy ?? segment, at: index };
    const isFirst = state.unit === 0 && state.octets === 0;
    const beginsElsewhere = isFirst && (segment.sequence ?? found.at + octets) !== found.at + octets;
    if (found.of.from !== segment.from || beginsElsewhere) {
      this.#refusals.add(wrong);
      return [];
    }
    const without = demand.octets.min === 0 && state.octets === 0;
    const next = { ...attempt, state: { ...state, inGroup, unit: state.unit + 1 } };
    const skipped = without ? this.#takeUnit(next, arrival, index, demands) : [];
    if (found.kind !== demand.kind) {
      this.#refusals.add(wrong);
      return skipped;
    }
    if (this.#isOverdue(state, segment.from, index)) return skipped;
    const isLast = state.unit + 1 === demands.length;
    const ways = waysThrough(demand, state.octets, found, octets);
    return [...skipped, ...ways.flatMap((way) => this.#follow(way, attempt, { found, index, isLast }))];
  }

  /** Where a line is once it has taken octets of a unit, the last that it asks for or not. */
  #follow(
    way: Way,
    { state, line: { segment }, inGroup, unit, octets, isTaken }: Attempt,
    { found, index, isLast }: { readonly found: Unit; readonly index: number; readonly isLast: boolean },
  ): Taken[] {
    const isComplete = way.isEnough && isLast;
    if (isComplete && !this.#isWhole(segment, state, found, index)) return [];
    const isSpent = way.left === 0;
    const next: State = {
      ...state,
      inGroup,
      ...(way.isEnough ? { unit: state.unit + 1, octets: 0 } : { octets: way.octets }),
      ...(isComplete && { last: index }),
    };
    return [
      {
        state: withFrame(next, found.of.segment.frame),
        unit: isSpent ? unit + 1 : unit,
        octets: isSpent ? 0 : octets + way.taken,
        isTaken,
        cutBy: isSpent ? undefined : segment,
        isComplete,
      },
    ];
  }

  #isWhole(segment: ExpectedSegment, state: State, { of }: Unit, index: number): boolean {
    if (completes(segment, of)) return this.#isTimely(segment, { state, since: state.last }, index);
    this.#refusals.add({ state, expected: segment, at: index });
    return false;
  }

  /** Whether the side sends something else before an ACK that the text has earlier. */
  #isOverdue(state: State, from: Side, index: number): boolean {
    const overdue = state.owed.find(({ segment }) => segment.from === from);
    if (overdue === undefined) return false;
    const { segment, need } = overdue;
    const expected = { ...segment, ...(Number.isFinite(need) && { acknowledgment: need }) };
    this.#refusals.add({ state, expected, at: index, note: 'without that acknowledgement' });
    return true;
  }

  #isTimely(
    segment: ExpectedSegment,
    { state, since }: { readonly state: State; readonly since: number },
    index: number,
  ): boolean {
    const { sinceMs } = segment;
    if (sinceMs === undefined) return true;
    const [before, now] = [this.#segments[since], this.#segments[index]];
    const ms = before === undefined || now === undefined ? -1 : Number(now.atNs - before.atNs) / 1e6;
    if (isWithin(ms, sinceMs)) return true;
    const frame = before?.segment.frame;
    const note = frame === undefined ? 'with no segment before it' : `${renderMs(ms)} after frame ${frame}`;
    this.#refusals.add({ state, expected: segment, at: index, note });
    return false;
  }
}
