import type { Side } from '../../model/connection.ts';

/** From `min` to `max`, both included; without `max`, anything from `min` on. */
export interface Range {
  readonly min: number;
  readonly max?: number;
}

/** A segment as far as somebody cares: a field that is left out is not looked at. Plain data. */
export interface ExpectedSegment {
  readonly from: Side;
  /** `SYN,ACK` in the order of flagsText(); `none` for a segment without any. */
  readonly flags?: string;
  /** Relative to the sender's first sequence number. */
  readonly sequence?: number;
  /** Relative to the other end's first sequence number. */
  readonly acknowledgment?: number;
  readonly payloadBytes?: Range;
  /** The header's field, unscaled. */
  readonly window?: Range;
  readonly mss?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: true;
  /** All of it was sent before. */
  readonly retransmission?: true;
  /** A gate kept it from its receiver. */
  readonly delivered?: false;
  /** Since the segment of the line before, ms. */
  readonly sinceMs?: Range;
  /** Where it stands in the text, from 1; absent in data that was never text. */
  readonly line?: number;
}

/** How often a segment comes: once, unless somebody says otherwise. */
export interface CountedSegment {
  readonly segment: ExpectedSegment;
  readonly times: Range;
}

export type ExpectedItem =
  | ({ readonly kind: 'segment' } & CountedSegment)
  /** Each of them once (or not, if `times` begins at 0), in whatever order. */
  | { readonly kind: 'any order'; readonly segments: readonly CountedSegment[] }
  /** Any number of whatever segments. */
  | { readonly kind: 'gap' }
  /** Nothing new comes any more. */
  | { readonly kind: 'end' };

/** What parseSegments() makes of a text. */
export interface ExpectedSegments {
  /** Segment by segment: no other may come, split, merged, late or twice. */
  readonly strict: boolean;
  readonly items: readonly ExpectedItem[];
}

export const ONCE: Range = { min: 1, max: 1 };
export const OPTIONAL: Range = { min: 0, max: 1 };

/** Bounds of what a text may ask for, so that matching stays bounded, too. */
export const MAX_ITEMS = 2000;
export const MAX_TIMES = 1000;
export const MAX_IN_ANY_ORDER = 8;

/**
 * The text that parseSegments() reads as the same data, a line an item.
 * Source of the notation: docs/segments-text.md.
 */
export function renderSegments({ strict, items }: ExpectedSegments): string {
  const lines = items.flatMap((item): string[] => {
    switch (item.kind) {
      case 'segment':
        return [renderCounted(item)];
      case 'any order':
        return ['in any order {', ...item.segments.map((each) => `  ${renderCounted(each)}`), '}'];
      case 'gap':
        return ['...'];
      case 'end':
        return ['end'];
    }
  });
  return [...(strict ? ['strict'] : []), ...lines].map((line) => `${line}\n`).join('');
}

/** `client > server  FIN,ACK  len 10  within 5 ms`. */
export function renderSegment(segment: ExpectedSegment): string {
  const { from, flags, payloadBytes, window, sinceMs } = segment;
  const numbers: readonly (readonly [word: string, value: number | undefined])[] = [
    ['seq', segment.sequence],
    ['ack', segment.acknowledgment],
  ];
  const options: readonly (readonly [word: string, value: number | undefined])[] = [
    ['mss', segment.mss],
    ['wscale', segment.windowScale],
  ];
  const words = ([word, value]: (typeof numbers)[number]): string[] =>
    value === undefined ? [] : [`${word} ${value}`];
  return [
    from === 'client' ? 'client > server' : 'server > client',
    ...(flags === undefined ? [] : [flags]),
    ...numbers.flatMap(words),
    ...(payloadBytes === undefined ? [] : [`len ${renderRange(payloadBytes)}`]),
    ...(window === undefined ? [] : [`win ${renderRange(window)}`]),
    ...options.flatMap(words),
    ...(segment.sackPermitted === undefined ? [] : ['sackOK']),
    ...(segment.retransmission === undefined ? [] : ['again']),
    ...(segment.delivered === undefined ? [] : ['lost']),
    ...(sinceMs === undefined || (sinceMs.min === 0 && sinceMs.max !== undefined)
      ? []
      : [`after ${renderMs(sinceMs.min)}`]),
    ...(sinceMs?.max === undefined ? [] : [`within ${renderMs(sinceMs.max)}`]),
  ].join('  ');
}

function renderCounted({ segment, times }: CountedSegment): string {
  const line = renderSegment(segment);
  if (times.min === 1 && times.max === 1) return line;
  if (times.min === 0 && times.max === 1) return `optional  ${line}`;
  return `repeat ${renderRange(times)}  ${line}`;
}

function renderRange({ min, max }: Range): string {
  if (max === min) return String(min);
  return `${min}..${max ?? ''}`;
}

/** To the nanosecond, and never with an exponent. */
export function renderMs(ms: number): string {
  return `${ms.toFixed(6).replace(/\.?0+$/, '')} ms`;
}

export function isWithin(value: number, { min, max = Infinity }: Range): boolean {
  return value >= min && value <= max;
}
