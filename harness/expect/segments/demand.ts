/** What a line asks of the segments, and whether a segment says it. */
import type { TrackedSegment } from '../../model/connection.ts';
import { Flag, parseFlags } from '../../model/segment.ts';
import {
  type CountedSegment,
  type ExpectedItem,
  type ExpectedSegment,
  isWithin,
  type Range,
} from './expected-segments.ts';
import type { Unit } from './arrivals.ts';

export interface UnitDemand {
  readonly kind: Unit['kind'];
  /** Of data; one otherwise. */
  readonly octets: Range;
}

/**
 * - `units`: octets, SYN, FIN, RST, in however many segments;
 * - `ack`: that the sender has acknowledged so much, whenever it says so first;
 * - `segment`: one segment, as it stands on the wire.
 */
export type Demand =
  | { readonly by: 'units'; readonly units: readonly UnitDemand[] }
  | { readonly by: 'ack' }
  | { readonly by: 'segment'; readonly isPureAck: boolean };

const CONTROL = Flag.SYN | Flag.FIN | Flag.RST;
const JUDGED = CONTROL | Flag.ACK;
const ONE: Range = { min: 1, max: 1 };

function demandOf({ segment, times }: CountedSegment, strict: boolean): Demand {
  const { flags, payloadBytes, retransmission, delivered } = segment;
  const word = flags === undefined ? undefined : flagWord(flags);
  const isOne = retransmission !== undefined || delivered !== undefined || word === 0;
  if (strict || isOne) return { by: 'segment', isPureAck: false };
  const units = unitsOf(word ?? 0, payloadBytes);
  if (units.length > 0) return { by: 'units', units };
  if (word === undefined) return { by: 'segment', isPureAck: false };
  const isRepeated = times.max !== 1;
  return isRepeated ? { by: 'segment', isPureAck: true } : { by: 'ack' };
}

/** A line with what it asks for. */
export interface Line extends CountedSegment {
  readonly demand: Demand;
}

/** An item of the text, each line with what it asks for. */
export type Item =
  | ({ readonly kind: 'segment' } & Line)
  | { readonly kind: 'any order'; readonly segments: readonly Line[] }
  | Exclude<ExpectedItem, { readonly kind: 'segment' | 'any order' }>;

export function itemOf(item: ExpectedItem, strict: boolean): Item {
  if (item.kind === 'segment') return { kind: 'segment', ...lineOf(item, strict) };
  return item.kind === 'any order'
    ? { ...item, segments: item.segments.map((counted) => lineOf(counted, strict)) }
    : item;
}

function lineOf({ segment, times }: CountedSegment, strict: boolean): Line {
  const demand = demandOf({ segment, times }, strict);
  const [unit, ...others] = demand.by === 'units' ? demand.units : [];
  if (unit?.octets.min !== 0 || others.length > 0) return { segment, times, demand };
  // Nothing but data that may be none is a line that may not come.
  const some = { ...unit, octets: { ...unit.octets, min: 1 } };
  return { segment, times: { ...times, min: 0 }, demand: { by: 'units', units: [some] } };
}

function unitsOf(flags: number, payloadBytes: Range | undefined): UnitDemand[] {
  if ((flags & Flag.RST) !== 0) return [{ kind: 'RST', octets: ONE }];
  // PSH marks data; how much is then nobody's care.
  const data = payloadBytes ?? ((flags & Flag.PSH) !== 0 ? { min: 1 } : { min: 0, max: 0 });
  return [
    ...((flags & Flag.SYN) === 0
      ? []
      : [{ kind: (flags & Flag.ACK) === 0 ? 'SYN' : 'SYN,ACK', octets: ONE } as const]),
    ...(data.max === 0 ? [] : [{ kind: 'data', octets: data } as const]),
    ...((flags & Flag.FIN) === 0 ? [] : [{ kind: 'FIN', octets: ONE } as const]),
  ];
}

/** Whether a segment has the flags: exactly those, of SYN, FIN, RST and ACK; more than these only where named. */
export function hasFlagsOf(
  { flags }: ExpectedSegment,
  { segment }: TrackedSegment,
  strict: boolean,
): boolean {
  if (flags === undefined) return true;
  const wanted = flagWord(flags);
  // That a FIN or RST acknowledges something goes without saying; a SYN that does is another thing.
  const isImplied = !strict && (wanted & (Flag.FIN | Flag.RST)) !== 0 && (wanted & Flag.ACK) === 0;
  const judged = isImplied ? CONTROL : JUDGED;
  return (segment.flags & judged) === (wanted & judged) && (segment.flags & wanted) === wanted;
}

/** What never arrived counts only for a line about such segments: `lost`, or `again`, which is of copies. */
export function mayCount(expected: ExpectedSegment, tracked: TrackedSegment): boolean {
  const { retransmission, delivered } = expected;
  return tracked.delivered || delivered !== undefined || retransmission !== undefined;
}

/** Whether it has the fields that concern the segment as it stands. Sequence numbers: exactly. */
export function hasFieldsOf(expected: ExpectedSegment, tracked: TrackedSegment): boolean {
  const { sequence, acknowledgment, payloadBytes, retransmission, delivered } = expected;
  return (
    (sequence === undefined || tracked.sequence === sequence) &&
    (acknowledgment === undefined || tracked.acknowledgment === acknowledgment) &&
    (payloadBytes === undefined || isWithin(tracked.segment.payloadBytes, payloadBytes)) &&
    (retransmission === undefined || tracked.retransmission) &&
    (delivered === undefined || !tracked.delivered) &&
    hasWindowAndOptionsOf(expected, tracked)
  );
}

export function hasWindowAndOptionsOf(expected: ExpectedSegment, { segment }: TrackedSegment): boolean {
  const { window, mss, windowScale, sackPermitted } = expected;
  return (
    (window === undefined || isWithin(segment.window, window)) &&
    (mss === undefined || segment.options.mss === mss) &&
    (windowScale === undefined || segment.options.windowScale === windowScale) &&
    (sackPermitted === undefined || segment.options.sackPermitted === true)
  );
}

/** Whether a segment that completes a line of units says what else the line says. */
export function completes(expected: ExpectedSegment, tracked: TrackedSegment): boolean {
  const { flags, acknowledgment } = expected;
  // Where a segment ends is nobody's care, so neither is which one has the PSH.
  const named = flags === undefined ? 0 : flagWord(flags) & ~(CONTROL | Flag.PSH);
  return (
    (tracked.segment.flags & named) === named &&
    (acknowledgment === undefined || (tracked.acknowledgment ?? -Infinity) >= acknowledgment) &&
    hasWindowAndOptionsOf(expected, tracked)
  );
}

/** Whether a segment says what a line of ACK says: that everything up to `need` has come. A RST says nothing. */
export function acknowledges(expected: ExpectedSegment, tracked: TrackedSegment, need: number): boolean {
  const { sequence, payloadBytes } = expected;
  return (
    tracked.from === expected.from &&
    (tracked.segment.flags & (Flag.SYN | Flag.RST)) === 0 &&
    (tracked.acknowledgment ?? -Infinity) >= need &&
    tracked.acknowledgment !== undefined &&
    (sequence === undefined || tracked.sequence === sequence) &&
    (payloadBytes === undefined || isWithin(tracked.segment.payloadBytes, payloadBytes)) &&
    hasWindowAndOptionsOf(expected, tracked)
  );
}

/** Whether any earlier acknowledgement will do as well: the line says nothing of the segment itself. */
export function isPlainAck({ sequence, payloadBytes, window, sinceMs }: ExpectedSegment): boolean {
  return (
    sequence === undefined && payloadBytes === undefined && window === undefined && sinceMs === undefined
  );
}

function flagWord(flags: string): number {
  return flags === 'none' ? 0 : parseFlags(flags);
}
