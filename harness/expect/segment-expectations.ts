/** Expectations of single segments: their order, their times, how often they come. Each segment is a line of text. */
import { checkSide, type Side } from '../model/connection.ts';
import { rejectUnknownOptions } from '../options.ts';
import { checkCount } from './check-count.ts';
import type { ExpectedSegment, ExpectedSegments, Range } from './segments/expected-segments.ts';
import { parseSegments } from './segments/parse-segments.ts';
import { parseSegmentPattern } from './segments/segment-pattern.ts';

export type SegmentExpectation =
  | { readonly kind: 'segments'; readonly expected: ExpectedSegments }
  | { readonly kind: 'in order'; readonly segments: readonly ExpectedSegment[] }
  | { readonly kind: 'nothing after'; readonly segment: ExpectedSegment; readonly from?: Side }
  | {
      readonly kind: 'elapsed';
      readonly from: ExpectedSegment;
      readonly to: ExpectedSegment;
      readonly ms: Range;
    }
  | { readonly kind: 'retransmitted'; readonly segment: ExpectedSegment; readonly times: Range };

/**
 * The connection's segments, written a line a segment as docs/segments-text.md explains.
 * Legal variants are met, too, unless strict: see there.
 * @param options.strict segment by segment, no other between, before or after @default what the text says
 * @throws SegmentsSyntaxError, a TypeError that names line and column
 */
export function segments(text: string, options: { readonly strict?: boolean } = {}): SegmentExpectation {
  rejectUnknownOptions(options, ['strict']);
  const expected = parseSegments(text);
  return { kind: 'segments', expected: { ...expected, strict: options.strict ?? expected.strict } };
}

/**
 * Segments of these kinds arrived in this order, whatever lies between. One that never arrived counts only for a line
 * with `lost` or `again`; a line of `ACK` acknowledges all that the lines above it name of the other side.
 * @throws SegmentsSyntaxError
 */
export function inOrder(first: string, second: string, ...others: readonly string[]): SegmentExpectation {
  return { kind: 'in order', segments: [first, second, ...others].map(parseSegmentPattern) };
}

/**
 * Behind the first segment of this kind comes none at all, ACKs and retransmissions included.
 * @param options.from only segments of this side count @default both sides'
 * @throws SegmentsSyntaxError
 */
export function nothingAfter(line: string, options: { readonly from?: Side } = {}): SegmentExpectation {
  rejectUnknownOptions(options, ['from']);
  const { from } = options;
  return {
    kind: 'nothing after',
    segment: parseSegmentPattern(line),
    ...(from !== undefined && { from: checkSide(from) }),
  };
}

/**
 * From the first segment of one kind to the first of another behind it, ms, both as in inOrder(). Give bounds, or a time
 * and its tolerance.
 * @throws SegmentsSyntaxError; TypeError without a bound
 */
export function elapsed(options: {
  readonly from: string;
  readonly to: string;
  readonly atLeastMs?: number;
  readonly atMostMs?: number;
  readonly aboutMs?: number;
  readonly toleranceMs?: number;
}): SegmentExpectation {
  rejectUnknownOptions(options, ['from', 'to', 'atLeastMs', 'atMostMs', 'aboutMs', 'toleranceMs']);
  const [from, to] = [parseSegmentPattern(options.from), parseSegmentPattern(options.to)];
  return { kind: 'elapsed', from, to, ms: spanOf(options) };
}

/**
 * Segments of this kind were sent again, so often. For the retries of an unanswered SYN: `client > server SYN`.
 * @param options.times exactly so often @default once or more
 * @throws SegmentsSyntaxError
 */
export function retransmitted(
  line: string,
  options: { readonly times?: number; readonly atLeast?: number } = {},
): SegmentExpectation {
  rejectUnknownOptions(options, ['times', 'atLeast']);
  return { kind: 'retransmitted', segment: parseSegmentPattern(line), times: checkCount(options) };
}

function spanOf({
  atLeastMs,
  atMostMs,
  aboutMs,
  toleranceMs,
}: Readonly<Partial<Record<'atLeastMs' | 'atMostMs' | 'aboutMs' | 'toleranceMs', number>>>): Range {
  const given = { atLeastMs, atMostMs, aboutMs, toleranceMs };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !(value >= 0)) throw new TypeError(`${name} is no time: ${value}`);
  }
  if ((aboutMs === undefined) !== (toleranceMs === undefined)) {
    throw new TypeError('aboutMs and toleranceMs go together');
  }
  if (aboutMs !== undefined && toleranceMs !== undefined) {
    if (atLeastMs !== undefined || atMostMs !== undefined) {
      throw new TypeError('Either bounds (atLeastMs, atMostMs) or a time with its tolerance');
    }
    return { min: Math.max(0, aboutMs - toleranceMs), max: aboutMs + toleranceMs };
  }
  if (atLeastMs === undefined && atMostMs === undefined) throw new TypeError('elapsed() needs a bound');
  if (atMostMs !== undefined && atMostMs < (atLeastMs ?? 0))
    throw new TypeError('atMostMs lies below atLeastMs');
  return { min: atLeastMs ?? 0, ...(atMostMs !== undefined && { max: atMostMs }) };
}
