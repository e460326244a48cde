import type { Connection, TrackedSegment } from '../../model/connection.ts';
import { flagsText } from '../../model/segment.ts';
import { absent, type Judgement, seenAt, type Shortfall, way } from '../shortfall.ts';
import { segmentWords } from '../describe-expectation.ts';
import type { ExpectedSegment, ExpectedSegments } from './expected-segments.ts';
import { matchSegments } from './match-segments.ts';
import type { Refusal } from './refusals.ts';

const NEEDS = ['wire'] as const;

export function judgeSegments(connection: Connection, expected: ExpectedSegments): Judgement {
  const { segments } = connection;
  const result = matchSegments(expected, segments);
  switch (result.outcome) {
    case 'matched':
      return { needs: NEEDS, shortfalls: [], proof: `in frames ${result.frames.join(', ')}` };
    case 'mismatch':
      return { needs: NEEDS, shortfalls: [shortfallOf(connection, result.refusal)], proof: '' };
    case 'too many ways': {
      const mismatch = {
        expected: 'these segments',
        observed: `there are too many ways of reading the text into ${segments.length} segments`,
      };
      return { needs: NEEDS, shortfalls: [{ basis: 'unobserved', mismatch }], proof: '' };
    }
  }
}

/** What a capture that missed segments shows of their order proves nothing, so the basis is always `absent`. */
function shortfallOf(connection: Connection, { expected, at, note }: Refusal): Shortfall {
  const words = expected.map((each) => (typeof each === 'string' ? each : lineText(each))).join(', or ');
  const culprit = at === undefined ? undefined : connection.segments[at];
  if (culprit === undefined) {
    const last = connection.segments.at(-1);
    const observed =
      last === undefined ? 'no segment at all' : `nothing more after frame ${last.segment.frame}`;
    return absent(connection, words, observed);
  }
  const { basis, mismatch } = seenAt(connection, culprit, words, 'absent');
  return { basis, mismatch: { ...mismatch, observed: observedText(culprit, expected, note) } };
}

/** `client → server  FIN,ACK  len 10  (line 4)`. */
function lineText(segment: ExpectedSegment): string {
  const text = segmentWords(segment);
  return segment.line === undefined ? text : `${text}  (line ${segment.line})`;
}

/** The segment in the text's words, with its numbers and whatever else was asked about. */
function observedText(
  { from, segment, sequence, acknowledgment, retransmission, delivered }: TrackedSegment,
  expected: Refusal['expected'],
  note: string | undefined,
): string {
  const lines = expected.filter((each) => typeof each !== 'string');
  const asks = (field: keyof ExpectedSegment): boolean => lines.some((line) => line[field] !== undefined);
  const { mss, windowScale } = segment.options;
  return [
    way(from),
    flagsText(segment.flags),
    `seq ${sequence}`,
    ...(acknowledgment === undefined ? [] : [`ack ${acknowledgment}`]),
    ...(segment.payloadBytes > 0 || asks('payloadBytes') ? [`len ${segment.payloadBytes}`] : []),
    ...(asks('window') ? [`win ${segment.window}`] : []),
    ...(asks('mss') ? [mss === undefined ? 'no mss' : `mss ${mss}`] : []),
    ...(asks('windowScale') ? [windowScale === undefined ? 'no wscale' : `wscale ${windowScale}`] : []),
    ...(asks('sackPermitted') && segment.options.sackPermitted !== true ? ['no sackOK'] : []),
    ...(retransmission ? ['again'] : asks('retransmission') ? ['for the first time'] : []),
    ...(delivered ? (asks('delivered') ? ['received'] : []) : ['lost']),
    ...(note === undefined ? [] : [note]),
    `(frame ${segment.frame})`,
  ].join('  ');
}
