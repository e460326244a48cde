import type { TrackedSegment } from '../../model/connection.ts';
import { flagsText, parseFlags } from '../../model/segment.ts';
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

/** Whether a segment, as it stands on the wire, is of this kind. */
export function isOfKind(pattern: ExpectedSegment, tracked: TrackedSegment): boolean {
  return (
    tracked.from === pattern.from && hasFlagsOf(pattern, tracked, false) && hasFieldsOf(pattern, tracked)
  );
}
