import type { Connection, TrackedSegment } from '../model/connection.ts';
import { segmentWords } from './describe-expectation.ts';
import type { SegmentExpectation } from './segment-expectations.ts';
import { mayCount } from './segments/demand.ts';
import { type ExpectedSegment, isWithin, renderMs } from './segments/expected-segments.ts';
import { findInOrder, isArrivalOf } from './segments/find-in-order.ts';
import { judgeSegments } from './segments/judge-segments.ts';
import { isOfKind } from './segments/segment-pattern.ts';
import { absent, type Judgement, seenAt, segmentText, type Shortfall } from './shortfall.ts';

const NEEDS = ['wire'] as const;

type ByKind<K extends SegmentExpectation['kind']> = Extract<SegmentExpectation, { readonly kind: K }>;

export function judgeSegmentExpectation(connection: Connection, expectation: SegmentExpectation): Judgement {
  switch (expectation.kind) {
    case 'segments':
      return judgeSegments(connection, expectation.expected);
    case 'in order':
      return judgeOrder(connection, expectation);
    case 'nothing after':
      return judgeSilence(connection, expectation);
    case 'elapsed':
      return judgeElapsed(connection, expectation);
    case 'retransmitted':
      return judgeRetransmitted(connection, expectation);
  }
}

function judgeOrder(connection: Connection, { segments }: ByKind<'in order'>): Judgement {
  const found = findInOrder(connection.segments, segments);
  const missing = segments[found.length];
  if (missing !== undefined) {
    const before = found.at(-1);
    const expected = `${segmentWords(missing)}${before ? `  after frame ${before.segment.frame}` : ''}`;
    const earlier = connection.segments.find((tracked) => isArrivalOf(missing, tracked));
    const shortfall =
      earlier === undefined
        ? absentOfKind(connection, missing, expected)
        : seenAt(connection, earlier, expected, 'absent');
    return { needs: NEEDS, shortfalls: [shortfall], proof: '' };
  }
  const frames = found.map(({ segment }) => segment.frame).join(', ');
  return { needs: NEEDS, shortfalls: [], proof: `in frames ${frames}` };
}

/** That none came; where there was one, it never arrived. */
function absentOfKind(connection: Connection, missing: ExpectedSegment, expected: string): Shortfall {
  const lost = connection.segments.find(
    (tracked) => isOfKind(missing, tracked) && !mayCount(missing, tracked),
  );
  const observed =
    lost === undefined ? 'no such segment' : `none but frame ${lost.segment.frame}, which never arrived`;
  return absent(connection, expected, observed);
}

function judgeSilence(connection: Connection, { segment, from }: ByKind<'nothing after'>): Judgement {
  const at = connection.segments.findIndex((tracked) => isOfKind(segment, tracked));
  const anchor = connection.segments[at];
  if (anchor === undefined) {
    return {
      needs: NEEDS,
      shortfalls: [absent(connection, segmentWords(segment), 'no such segment')],
      proof: '',
    };
  }
  const breach = connection.segments
    .slice(at + 1)
    .find((tracked) => from === undefined || tracked.from === from);
  const who = from === undefined ? 'no segment' : `no segment from the ${from}`;
  const expected = `${who} after frame ${anchor.segment.frame}`;
  return {
    needs: NEEDS,
    shortfalls: breach === undefined ? [] : [seenAt(connection, breach, expected)],
    proof: `${segmentText(anchor)}, and then ${who}`,
  };
}

function judgeElapsed(connection: Connection, { from, to, ms }: ByKind<'elapsed'>): Judgement {
  const [start, end] = findInOrder(connection.segments, [from, to]);
  if (start === undefined || end === undefined) {
    const missing = start === undefined ? from : to;
    const shortfall = absentOfKind(connection, missing, segmentWords(missing));
    return { needs: NEEDS, shortfalls: [shortfall], proof: '' };
  }
  const took = Number(end.atNs - start.atNs) / 1e6;
  const [first, second] = [start.segment.frame, end.segment.frame];
  const proof = `${renderMs(took)}, frame ${first} to frame ${second}`;
  if (isWithin(took, ms)) return { needs: NEEDS, shortfalls: [], proof };
  const bound = took < ms.min ? `no sooner than ${renderMs(ms.min)}` : `within ${renderMs(ms.max ?? 0)}`;
  const { basis, mismatch } = seenAt(
    connection,
    end,
    `${segmentWords(to)}  ${bound} of frame ${first}`,
    'absent',
  );
  const shortfall = {
    basis,
    mismatch: { ...mismatch, observed: `${mismatch.observed} after ${renderMs(took)}` },
  };
  return { needs: NEEDS, shortfalls: [shortfall], proof };
}

function judgeRetransmitted(connection: Connection, { segment, times }: ByKind<'retransmitted'>): Judgement {
  const copies = connection.segments.filter(
    (tracked) => tracked.retransmission && isOfKind(segment, tracked),
  );
  const frames = copies.map((each) => each.segment.frame).join(', ');
  const proof =
    copies.length === 0 ? 'never sent again' : `sent again ${copies.length} times: frames ${frames}`;
  return { needs: NEEDS, shortfalls: retransmittedShortfalls(connection, copies, { segment, times }), proof };
}

function retransmittedShortfalls(
  connection: Connection,
  copies: readonly TrackedSegment[],
  { segment, times: { min, max = Infinity } }: Pick<ByKind<'retransmitted'>, 'segment' | 'times'>,
): Shortfall[] {
  const expected = `${segmentWords(segment)}  again, ${min === max ? '' : 'at least '}${min} times`;
  const tooMany = copies[max];
  // That one came too often is seen, whatever else may be missing.
  if (tooMany !== undefined) return [seenAt(connection, tooMany, expected)];
  return copies.length < min ? [absent(connection, expected, `again ${copies.length} times`)] : [];
}
