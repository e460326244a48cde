import {
  type ConnectionSummary,
  type Ending,
  type ObservedState,
  otherSide,
  type Side,
  type TrackedSegment,
} from '../model/connection.ts';
import { Flag, hasFlags, sequenceLength } from '../model/segment.ts';
import type { TcpState } from '../model/tcp-state.ts';

const SIDES = ['client', 'server'] as const;

/** What people ask about a connection, read off its tracked segments and observed states. */
export function summarize(
  segments: readonly TrackedSegment[],
  observedStates: readonly ObservedState[],
): ConnectionSummary {
  const reset = segments.find((tracked, index) => resets(tracked, segments[index - 1]));
  const close = readClose(segments);
  const gone = goneSilently(segments, observedStates);
  const ending = readEnding(segments, reset, close, gone);
  const handshakeNs = readHandshake(segments);
  return {
    opener: 'client',
    ending,
    ...(close.first && { firstCloser: close.first.from }),
    ...(reset && ending !== 'closed' && { resetBy: reset.from }),
    ...((ending === 'unanswered' || ending === 'abandoned') && gone.length > 0 && { goneSilently: gone }),
    simultaneousClose: isSimultaneous(segments),
    ...readCloseTimes(close),
    bytesAfterFirstFin: bytesAfter(close, segments),
    ...(handshakeNs !== undefined && { handshakeNs }),
    ...readTimeWait(segments, observedStates),
    retransmissions: segments.filter(({ retransmission }) => retransmission).length,
    payloadBytes: { client: payload(segments, 'client'), server: payload(segments, 'server') },
  };
}

/** Whether a RST ended what was open at either end; one that is refused, or comes to no connection, ends nothing. */
export function resets(
  { segment, statesAfter }: TrackedSegment,
  before: TrackedSegment | undefined,
): boolean {
  if (!hasFlags(segment, Flag.RST)) return false;
  if (before === undefined) return true;
  return SIDES.some((side) => before.statesAfter[side] !== 'CLOSED' && statesAfter[side] === 'CLOSED');
}

/** The segments that make up a close, as far as they came. One segment may play two parts. */
interface Close {
  readonly first?: TrackedSegment;
  readonly ackOfFirst?: TrackedSegment;
  readonly second?: TrackedSegment;
  readonly ackOfSecond?: TrackedSegment;
}

function readClose(segments: readonly TrackedSegment[]): Close {
  const fins = segments.filter(
    ({ segment, retransmission }) => hasFlags(segment, Flag.FIN) && !retransmission,
  );
  const first = fins[0];
  const second = fins.find(({ from }) => from !== first?.from);
  const ackOfFirst = first && acknowledgementOf(first, segments);
  const ackOfSecond = second && acknowledgementOf(second, segments);
  return {
    ...(first && { first }),
    ...(ackOfFirst && { ackOfFirst }),
    ...(second && { second }),
    ...(ackOfSecond && { ackOfSecond }),
  };
}

/** The first segment received from the other side that acknowledges all of `sent`. */
function acknowledgementOf(
  sent: TrackedSegment,
  segments: readonly TrackedSegment[],
): TrackedSegment | undefined {
  const wanted = sent.sequence + sequenceLength(sent.segment);
  return segments
    .slice(segments.indexOf(sent) + 1)
    .find(({ from, segment, delivered, acknowledgment = -1 }) => {
      return from !== sent.from && delivered && !hasFlags(segment, Flag.RST) && acknowledgment >= wanted;
    });
}

function readEnding(
  segments: readonly TrackedSegment[],
  reset: TrackedSegment | undefined,
  { ackOfFirst, ackOfSecond }: Close,
  gone: readonly Side[],
): Ending {
  const closedAt =
    ackOfFirst && ackOfSecond && Math.max(segments.indexOf(ackOfFirst), segments.indexOf(ackOfSecond));
  if (reset === undefined) {
    if (closedAt !== undefined) return 'closed';
    if (isUnanswered(segments)) return 'unanswered';
    return gone.length > 0 ? 'abandoned' : 'open';
  }
  const resetAt = segments.indexOf(reset);
  // A RST behind both acknowledged FINs ends nothing any more.
  if (closedAt !== undefined && closedAt < resetAt) return 'closed';
  return answersSyn(reset, segments[resetAt - 1]) ? 'refused' : 'reset';
}

function isUnanswered(segments: readonly TrackedSegment[]): boolean {
  const [first] = segments;
  if (first?.from !== 'client' || !hasFlags(first.segment, Flag.SYN)) return false;
  return !segments.some(({ from, delivered }) => from === 'server' && delivered);
}

/** States of an end that has no socket of its own, or whose socket goes by itself and rightly so. */
const NOTHING_TO_LOSE: readonly TcpState[] = ['CLOSED', 'LISTEN', 'TIME-WAIT'];

/** Ends that the last look of `ss`, taken behind the last segment, did not find where the table has them. */
function goneSilently(
  segments: readonly TrackedSegment[],
  observedStates: readonly ObservedState[],
): readonly Side[] {
  const last = segments.at(-1);
  if (last === undefined) return [];
  return SIDES.filter((side) => {
    const seen = observedStates.findLast((each) => each.side === side);
    const isGone = seen?.state === 'CLOSED' && seen.samples.some(({ fromNs }) => fromNs >= last.atNs);
    return isGone && !NOTHING_TO_LOSE.includes(last.statesAfter[side]);
  });
}

function answersSyn({ from }: TrackedSegment, before: TrackedSegment | undefined): boolean {
  return from === 'server' && before?.statesAfter.client === 'SYN-SENT';
}

function isSimultaneous(segments: readonly TrackedSegment[]): boolean {
  return segments.some(
    ({ statesAfter }) => statesAfter.client === 'CLOSING' || statesAfter.server === 'CLOSING',
  );
}

function readHandshake(segments: readonly TrackedSegment[]): bigint | undefined {
  const syn = segments.find(({ from, segment }) => from === 'client' && hasFlags(segment, Flag.SYN));
  const synAckAt = segments.findIndex(
    ({ from, segment, delivered }) =>
      from === 'server' && delivered && hasFlags(segment, Flag.SYN | Flag.ACK),
  );
  const ack = segments.find(({ from, segment, delivered, acknowledgment = 0 }, index) => {
    const follows = synAckAt !== -1 && index > synAckAt && from === 'client' && delivered;
    return follows && !hasFlags(segment, Flag.RST) && acknowledgment >= 1;
  });
  return syn && ack && ack.atNs - syn.atNs;
}

function readCloseTimes({ first, ackOfFirst, second, ackOfSecond }: Close): {
  closeSegments?: number;
  halfClosedNs?: bigint;
  finAckNs?: bigint;
} {
  const whole = first && ackOfFirst && second && ackOfSecond;
  // The acknowledgement on its own, before the second FIN: that direction was still open in between.
  const keptOpen = first && second && ackOfFirst && ackOfFirst !== second && ackOfFirst.atNs <= second.atNs;
  return {
    ...(whole && { closeSegments: new Set([first, ackOfFirst, second, ackOfSecond]).size }),
    ...(keptOpen && { halfClosedNs: second.atNs - first.atNs }),
    ...(first && ackOfFirst && { finAckNs: ackOfFirst.atNs - first.atNs }),
  };
}

/** Octets of new data from the other side in segments that already acknowledge the first FIN. */
function bytesAfter({ first }: Close, segments: readonly TrackedSegment[]): number {
  if (first === undefined) return 0;
  const wanted = first.sequence + sequenceLength(first.segment);
  return newPayload(segments, otherSide(first.from))
    .filter(({ tracked: { acknowledgment = -1 } }) => acknowledgment >= wanted)
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

function readTimeWait(
  segments: readonly TrackedSegment[],
  observedStates: readonly ObservedState[],
): Pick<ConnectionSummary, 'timeWaitHolders' | 'timeWaitSource'> {
  const lastAtNs = segments.at(-1)?.atNs ?? 0n;
  // `ss` can tell who holds TIME-WAIT only if it was asked after the last segment.
  const asked = SIDES.every((side) =>
    observedStates.some(({ side: of, samples }) => {
      return of === side && samples.some(({ fromNs }) => fromNs >= lastAtNs);
    }),
  );
  const timeWaitHolders = SIDES.filter((side) =>
    asked
      ? observedStates.some((seen) => seen.side === side && seen.state === 'TIME-WAIT')
      : segments.some(({ statesAfter }) => statesAfter[side] === 'TIME-WAIT'),
  );
  return { timeWaitHolders, timeWaitSource: asked ? 'kernel' : 'wire' };
}

function payload(segments: readonly TrackedSegment[], side: Side): number {
  return newPayload(segments, side).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The payload of one side's segments without what had been sent before, also where only part of it had. */
function newPayload(
  segments: readonly TrackedSegment[],
  side: Side,
): { readonly tracked: TrackedSegment; readonly bytes: number }[] {
  let sentTo = -Infinity;
  return segments
    .filter(({ from, segment }) => from === side && segment.payloadBytes > 0 && !hasFlags(segment, Flag.RST))
    .map((tracked) => {
      const { sequence, segment } = tracked;
      const from = sequence + (hasFlags(segment, Flag.SYN) ? 1 : 0);
      const to = from + segment.payloadBytes;
      const bytes = Math.max(0, to - Math.max(from, sentTo));
      sentTo = Math.max(sentTo, to);
      return { tracked, bytes };
    });
}
