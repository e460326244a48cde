import {
  type ConnectionSummary,
  type Ending,
  type ObservedState,
  otherSide,
  type Side,
  type TrackedSegment,
} from '../model/connection.ts';
import { Flag, hasFlags, sequenceLength } from '../model/segment.ts';

/** What people ask about a connection, read off its tracked segments and observed states. */
export function summarize(
  segments: readonly TrackedSegment[],
  observedStates: readonly ObservedState[],
): ConnectionSummary {
  const reset = segments.find(({ segment }) => hasFlags(segment, Flag.RST));
  const close = readClose(segments);
  const ending = readEnding(segments, reset, close);
  const handshakeNs = readHandshake(segments);
  return {
    opener: 'client',
    ending,
    ...(close.first && { firstCloser: close.first.from }),
    ...(reset && ending !== 'closed' && { resetBy: reset.from }),
    simultaneousClose: isSimultaneous(segments),
    ...readCloseTimes(close),
    bytesAfterFirstFin: bytesAfter(close, segments),
    ...(handshakeNs !== undefined && { handshakeNs }),
    ...readTimeWait(segments, observedStates),
    retransmissions: segments.filter(({ retransmission }) => retransmission).length,
    payloadBytes: { client: payload(segments, 'client'), server: payload(segments, 'server') },
  };
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
  const ackOfFirst = first && acknowledges(first, segments);
  const ackOfSecond = second && acknowledges(second, segments);
  return {
    ...(first && { first }),
    ...(ackOfFirst && { ackOfFirst }),
    ...(second && { second }),
    ...(ackOfSecond && { ackOfSecond }),
  };
}

/** The first segment of the other side that acknowledges all of `sent`. */
function acknowledges(sent: TrackedSegment, segments: readonly TrackedSegment[]): TrackedSegment | undefined {
  const wanted = sent.sequence + sequenceLength(sent.segment);
  return segments.find(({ from, segment, acknowledgment = -1 }) => {
    return from !== sent.from && !hasFlags(segment, Flag.RST) && acknowledgment >= wanted;
  });
}

function readEnding(
  segments: readonly TrackedSegment[],
  reset: TrackedSegment | undefined,
  close: Close,
): Ending {
  if (reset === undefined) return close.ackOfFirst && close.ackOfSecond ? 'closed' : 'open';
  const answered = segments.some(({ from, segment }) => from === 'server' && hasFlags(segment, Flag.SYN));
  if (reset.from === 'server' && !answered) return 'refused';
  // A RST behind both acknowledged FINs ends nothing any more.
  const closedBefore =
    close.ackOfFirst && close.ackOfSecond && segments.indexOf(close.ackOfSecond) < segments.indexOf(reset);
  return closedBefore ? 'closed' : 'reset';
}

function isSimultaneous(segments: readonly TrackedSegment[]): boolean {
  return segments.some(
    ({ statesAfter }) => statesAfter.client === 'CLOSING' || statesAfter.server === 'CLOSING',
  );
}

function readHandshake(segments: readonly TrackedSegment[]): bigint | undefined {
  const syn = segments.find(({ from, segment }) => from === 'client' && hasFlags(segment, Flag.SYN));
  const synAck = segments.find(
    ({ from, segment }) => from === 'server' && hasFlags(segment, Flag.SYN | Flag.ACK),
  );
  const ack = synAck && acknowledges(synAck, segments);
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
  return segments
    .filter(({ from, acknowledgment = -1, retransmission }) => {
      return from === otherSide(first.from) && acknowledgment >= wanted && !retransmission;
    })
    .reduce((sum, { segment }) => sum + segment.payloadBytes, 0);
}

function readTimeWait(
  segments: readonly TrackedSegment[],
  observedStates: readonly ObservedState[],
): Pick<ConnectionSummary, 'timeWaitHolders' | 'timeWaitSource'> {
  const sides = ['client', 'server'] as const;
  const lastAtNs = segments.at(-1)?.atNs ?? 0n;
  // `ss` can tell who holds TIME-WAIT only if it was asked after the last segment.
  const asked = sides.every((side) =>
    observedStates.some((seen) => seen.side === side && seen.lastSeenNs >= lastAtNs),
  );
  const timeWaitHolders = sides.filter((side) =>
    asked
      ? observedStates.some((seen) => seen.side === side && seen.state === 'TIME-WAIT')
      : segments.at(-1)?.statesAfter[side] === 'TIME-WAIT',
  );
  return { timeWaitHolders, timeWaitSource: asked ? 'kernel' : 'wire' };
}

function payload(segments: readonly TrackedSegment[], side: Side): number {
  return segments
    .filter(({ from, retransmission }) => from === side && !retransmission)
    .reduce((sum, { segment }) => sum + segment.payloadBytes, 0);
}
