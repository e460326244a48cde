import type { Side } from '../model/connection.ts';
import { sameEndpoint } from '../model/endpoint.ts';
import type { SocketSnapshot } from '../model/observation.ts';
import { Flag, hasFlags, parseFlags, type Segment, sequenceLength } from '../model/segment.ts';
import { seqAdd, seqDistance } from '../model/sequence-number.ts';
import type { TcpState } from '../model/tcp-state.ts';
import type { Recording } from './recording.ts';

/** A kind of segment; an unset field means "any". */
export interface SegmentPattern {
  readonly from: Side;
  /** `FIN`, `SYN,ACK`: every one of these must be set, others may. */
  readonly flags?: string;
  /** @default 0 */
  readonly minPayloadBytes?: number;
  /** @default 1 */
  readonly times?: number;
}

/** What to wait for: all of it. States are asked of `ss`, everything else is seen as it comes. */
export interface Condition {
  readonly segments?: readonly SegmentPattern[];
  /** Everything that this side has sent so far is acknowledged by the other. */
  readonly acknowledged?: readonly Side[];
  readonly events?: readonly { readonly side: Side; readonly name: string }[];
  readonly states?: Readonly<Partial<Record<Side, TcpState>>>;
}

/** A part of a condition that does not hold yet. */
export interface UnmetPart {
  /** In words. */
  readonly what: string;
  /** Where it would come from: once the connection is over no segment comes, after 'close' no event of that side. */
  readonly from: 'wire' | Side;
}

/** The first part that does not hold yet; states are left to {@link unmetState}. */
export function unmetPart(condition: Condition, recording: Recording): UnmetPart | undefined {
  for (const pattern of condition.segments ?? []) {
    const seen = recording.segments.filter((segment) => matches(pattern, segment, recording)).length;
    if (seen < (pattern.times ?? 1)) return { what: describePattern(pattern), from: 'wire' };
  }
  for (const side of condition.acknowledged ?? []) {
    if (!allAcknowledged(side, recording)) {
      return { what: `the acknowledgement of all that the ${side} sent`, from: 'wire' };
    }
  }
  for (const { side, name } of condition.events ?? []) {
    if (!hasEvent(side, name, recording)) return { what: `${side} '${name}'`, from: side };
  }
  return undefined;
}

/** Whether what is missing could still come. */
export function canStillCome({ from }: UnmetPart, recording: Recording): boolean {
  if (from === 'wire') return !isOver(recording) && !recording.captureEnded;
  return !hasEvent(from, 'close', recording);
}

function hasEvent(side: Side, name: string, recording: Recording): boolean {
  return recording.reports.some((entry) => {
    return entry.side === side && entry.report.kind === 'event' && entry.report.name === name;
  });
}

export interface UnmetState {
  readonly side: Side;
  readonly wanted: TcpState;
  /** Undefined while the side's end is not known. */
  readonly is: TcpState | undefined;
}

/** Those sides that `snapshot` does not show in the wanted state. A known socket that is not listed is CLOSED. */
export function unmetStates(
  states: NonNullable<Condition['states']>,
  snapshot: SocketSnapshot,
  recording: Recording,
): readonly UnmetState[] {
  return (['client', 'server'] as const).flatMap((side) => {
    const wanted = states[side];
    const is = stateIn(snapshot, side, recording);
    return wanted === undefined || is === wanted ? [] : [{ side, wanted, is }];
  });
}

/** Whether it could still come once the connection is over: from TIME-WAIT, which takes 60 s, CLOSED does. */
export function stateCanStillCome({ wanted, is }: UnmetState): boolean {
  return is !== 'CLOSED' && (is !== 'TIME-WAIT' || wanted === 'CLOSED');
}

/** Nothing more can come: a RST was seen, or both FINs and their acknowledgements. */
export function isOver(recording: Recording): boolean {
  if (recording.isDisturbed) return false;
  if (recording.segments.some((segment) => hasFlags(segment, Flag.RST))) return true;
  return (['client', 'server'] as const).every((side) => {
    return (
      recording.segments.some(
        (segment) => recording.sideOf(segment) === side && hasFlags(segment, Flag.FIN),
      ) && allAcknowledged(side, recording)
    );
  });
}

function matches(
  { from, flags, minPayloadBytes = 0 }: SegmentPattern,
  segment: Segment,
  recording: Recording,
): boolean {
  return (
    recording.sideOf(segment) === from &&
    (flags === undefined || hasFlags(segment, parseFlags(flags))) &&
    segment.payloadBytes >= minPayloadBytes
  );
}

function describePattern({ from, flags, minPayloadBytes = 0, times = 1 }: SegmentPattern): string {
  const what = [flags ?? (minPayloadBytes > 0 ? 'data' : 'segment'), times > 1 && `×${times}`];
  return `${from} ${what.filter(Boolean).join(' ')}`;
}

function allAcknowledged(side: Side, recording: Recording): boolean {
  let sentTo: number | undefined;
  let acknowledged: number | undefined;
  for (const segment of recording.segments) {
    if (recording.sideOf(segment) === side) {
      const end = seqAdd(segment.sequenceNumber, sequenceLength(segment));
      if (sentTo === undefined || seqDistance(sentTo, end) > 0) sentTo = end;
    } else if (hasFlags(segment, Flag.ACK)) {
      const ack = segment.acknowledgmentNumber;
      if (acknowledged === undefined || seqDistance(acknowledged, ack) > 0) acknowledged = ack;
    }
  }
  return sentTo !== undefined && acknowledged !== undefined && seqDistance(sentTo, acknowledged) >= 0;
}

function stateIn(snapshot: SocketSnapshot, side: Side, recording: Recording): TcpState | undefined {
  const { client, server } = recording;
  // Before it is told to connect, it is not closed but not there yet.
  if (client === undefined || !recording.followsConnection) return undefined;
  const [local, peer] = side === 'client' ? [client, server] : [server, client];
  const row = snapshot.sockets.find(
    (socket) => sameEndpoint(socket.local, local) && sameEndpoint(socket.peer, peer),
  );
  return row?.state ?? 'CLOSED';
}
