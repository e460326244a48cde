import type { TrackedSegment } from '../../model/connection.ts';
import { Flag, flagsText, parseFlags } from '../../model/segment.ts';
import { hasFieldsOf, hasFlagsOf } from './demand.ts';
import type { ExpectedSegment } from './expected-segments.ts';
import { LineTokens } from './line-tokens.ts';
import { parseSegmentLine } from './parse-line.ts';

/**
 * A kind of segment from one line of text, `client > server  FIN,ACK`.
 * @throws SegmentsSyntaxError
 */
export function parseSegmentPattern(text: string): ExpectedSegment {
  const tokens = new LineTokens(text, 1);
  const { line: _line, flags, ...segment } = parseSegmentLine(tokens);
  tokens.expectEnd();
  if (segment.sinceMs !== undefined)
    throw tokens.wrongLast('there is no segment before it from which to count');
  const isPlain = flags === undefined || flags === 'none';
  return {
    ...segment,
    ...(flags !== undefined && { flags: isPlain ? flags : flagsText(parseFlags(flags)) }),
  };
}

/** What a line names of a segment, in the order of the octets. */
export const Part = { ACK: 0, DATA: 1, FIN: 2 } as const;

/** Undefined where it names none of these: a SYN, a RST, any segment. */
export function partOf({ flags, payloadBytes }: ExpectedSegment): number | undefined {
  const word = flags === undefined || flags === 'none' ? 0 : parseFlags(flags);
  if ((word & (Flag.SYN | Flag.RST)) !== 0) return undefined;
  if ((word & Flag.FIN) !== 0) return Part.FIN;
  if ((word & Flag.ACK) === 0) return undefined;
  return (word & Flag.PSH) !== 0 || (payloadBytes?.min ?? 0) > 0 ? Part.DATA : Part.ACK;
}

/** Whether a segment is of this kind. An ACK, and data, may ride on a FIN. */
export function isOfKind(pattern: ExpectedSegment, tracked: TrackedSegment): boolean {
  const { segment } = tracked;
  const part = partOf(pattern);
  const mayRide = part === Part.ACK || (part === Part.DATA && segment.payloadBytes > 0);
  const bare = mayRide ? { ...tracked, segment: { ...segment, flags: segment.flags & ~Flag.FIN } } : tracked;
  return tracked.from === pattern.from && hasFlagsOf(pattern, bare, false) && hasFieldsOf(pattern, tracked);
}
