/** Arrows that leave the state as it is: a segment that comes to nothing, and its answer. */
import type { Connection, Side, TrackedSegment } from '../../model/connection.ts';
import type { Arrow, Proof } from '../../model/coverage.ts';
import { Flag, hasFlags, sequenceLength } from '../../model/segment.ts';
import type { TcpState } from '../../model/tcp-state.ts';
import { timeWaitLeft } from '../time-wait-left.ts';
import { around, looksAt, looksAtRow } from './ss-witness.ts';
import { proof, segmentWords, type Witness } from './witness.ts';

/** A FIN again in TIME-WAIT: it is acknowledged, and `ss` shows a timer that has more left than before. */
export function answersAgain(witness: Witness): Proof | undefined {
  return provedByAnswer(witness, 'TIME-WAIT', {
    isMeant: ({ segment, retransmission }) => retransmission && hasFlags(segment, Flag.FIN),
    also: (side, segment, answer) => {
      const looks = looksAtRow(witness, side);
      const left = timeWaitLeft(around(looks, segment.atNs).before?.row);
      const leftThen = timeWaitLeft(around(looks, answer.atNs).after?.row);
      // A timer that runs has never more left later.
      const restarted = left !== undefined && leftThen !== undefined && leftThen > left;
      return restarted
        ? { ss: `TIME-WAIT, timer ${left} s before and ${leftThen} s after` }
        : { ss: 'TIME-WAIT before and after', remark: 'the timer was not seen to restart' };
    },
  });
}

export function answersUnacceptable({ from }: Arrow, witness: Witness): Proof | undefined {
  return provedByAnswer(witness, from, {
    isMeant: (segment) => {
      const next = receivedUpTo(witness.connection, segment);
      return next !== undefined && isUnacceptable(segment, next);
    },
    also: () => ({ ss: `${from} before and after` }),
  });
}

/** RFC 9293 §3.10.7.4, first check: all of it lies before RCV.NXT. A RST is dropped without an answer. */
function isUnacceptable({ segment, sequence }: TrackedSegment, next: number): boolean {
  if (hasFlags(segment, Flag.RST)) return false;
  const length = sequenceLength(segment);
  return length === 0 ? sequence < next : sequence + length <= next;
}

/** The receiver's RCV.NXT as it last told it, whether or not that arrived. */
function receivedUpTo(
  { segments }: Connection,
  { from, segment: { frame } }: TrackedSegment,
): number | undefined {
  const told = segments
    .filter((each) => each.from !== from && each.segment.frame < frame)
    .flatMap(({ acknowledgment }) => (acknowledgment === undefined ? [] : [acknowledgment]));
  return told.length === 0 ? undefined : Math.max(...told);
}

interface Meant {
  readonly isMeant: (segment: TrackedSegment) => boolean;
  /** What `ss` shows of it. */
  readonly also: (
    side: Side,
    segment: TrackedSegment,
    answer: TrackedSegment,
  ) => { readonly ss: string; readonly remark?: string };
}

/** A segment that changes nothing, delivered, and an ACK of nothing new back; `ss` showed the state before and after. */
function provedByAnswer(witness: Witness, state: TcpState, { isMeant, also }: Meant): Proof | undefined {
  const { segments } = witness.connection;
  const proofs = [...segments.entries()].flatMap(([index, segment]) => {
    const side = segment.from === 'client' ? 'server' : 'client';
    const answer = segments[index + 1];
    if (!segment.delivered || !isMeant(segment) || segment.statesAfter[side] !== state) return [];
    if (answer?.from !== side || !hasFlags(answer.segment, Flag.ACK) || sequenceLength(answer.segment) > 0)
      return [];
    if (answer.acknowledgment !== receivedUpTo(witness.connection, segment)) return [];
    const looks = looksAt(witness.connection, side);
    const { before } = around(looks, segment.atNs);
    const { after } = around(looks, answer.atNs);
    if (before?.state !== state || after?.state !== state) return [];
    const wire = `${segmentWords(segment)}, answered by ${segmentWords(answer)}`;
    return [proof(witness, side, { segment, wire, ...also(side, segment, answer) })];
  });
  return proofs.find(({ remark }) => remark === undefined) ?? proofs[0];
}
