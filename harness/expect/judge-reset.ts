import { resets } from '../correlate/summary.ts';
import { type Connection, otherSide, type Side, type TrackedSegment } from '../model/connection.ts';
import type { Lane } from '../model/observation.ts';
import { Flag, hasFlags, sequenceLength } from '../model/segment.ts';
import type { TcpState } from '../model/tcp-state.ts';
import type { ResetCause } from './expectation.ts';
import { finOf, refuses } from './judge-wire.ts';
import {
  absent,
  causeOf,
  closingCallOf,
  type Judgement,
  seenAt,
  segmentText,
  type Shortfall,
  unreadBytes,
  way,
} from './shortfall.ts';

interface ResetExpectation {
  readonly by: Side;
  readonly receiverIn?: TcpState;
  readonly because?: ResetCause;
}

/** What a cause is read from, beside the segments. */
const LANES_OF: Readonly<Record<ResetCause, readonly Lane[]>> = {
  'unread data': ['wire', 'node', 'kernel'],
  resetAndDestroy: ['wire', 'node'],
  'data after close': ['wire'],
};

export function judgeReset(connection: Connection, expectation: ResetExpectation): Judgement {
  const { by, receiverIn, because } = expectation;
  const needs = because === undefined ? (['wire'] as const) : LANES_OF[because];
  const expected = `${way(by)}  RST  ${receiverIn === undefined ? 'on the established connection' : `while the ${otherSide(by)} is in ${receiverIn}`}`;
  const rst = resetOf(connection, expectation);
  if (rst === undefined) {
    const fin = finOf(connection.segments, by);
    const shortfall =
      fin === undefined
        ? absent(connection, expected, 'no RST that arrived')
        : seenAt(connection, fin, expected, 'absent');
    return { needs, shortfalls: [shortfall], proof: '' };
  }
  const shortfalls =
    receiverIn === undefined
      ? effectShortfalls(connection, rst, by, expected)
      : stateShortfalls(connection, rst, { by, receiverIn }, expected);
  if (because !== undefined && rst.from === by) {
    shortfalls.push(...causeShortfalls(connection, rst, because));
  }
  const cause = causeOf(connection, rst);
  const proof = `${segmentText(rst)}${cause === undefined ? '' : `, by ${cause}`}`;
  return { needs, shortfalls, proof };
}

/** That side's first RST that ended something: the connection, or what was in a certain state. */
function resetOf(connection: Connection, { by, receiverIn }: ResetExpectation): TrackedSegment | undefined {
  const { segments, summary } = connection;
  const sender = receiverIn === undefined ? summary.resetBy : by;
  const rsts = segments.filter(({ segment, delivered }) => hasFlags(segment, Flag.RST) && delivered);
  const sent = rsts.filter(({ from }) => from === (sender ?? from));
  if (receiverIn === undefined) return sent.find((rst) => endsSomething(connection, rst)) ?? sent[0];
  const ended = sent.find((rst) => {
    const { before, after } = receiverStates(connection, rst);
    return before !== after && hasEnded(receiverIn, after);
  });
  return ended ?? sent[0] ?? rsts[0];
}

function endsSomething({ segments }: Connection, rst: TrackedSegment): boolean {
  return resets(rst, segments[segments.indexOf(rst) - 1]);
}

/** The states of a RST's receiver. */
function receiverStates(
  { segments }: Connection,
  rst: TrackedSegment,
): { readonly before: TcpState; readonly after: TcpState } {
  const receiver = otherSide(rst.from);
  const before = segments[segments.indexOf(rst) - 1]?.statesAfter[receiver] ?? 'CLOSED';
  return { before, after: rst.statesAfter[receiver] };
}

/** A listener that had half a connection listens on: §3.10.7.4. */
function hasEnded(receiverIn: TcpState, after: TcpState): boolean {
  return after === 'CLOSED' || (receiverIn === 'SYN-RECEIVED' && after === 'LISTEN');
}

function effectShortfalls(
  connection: Connection,
  rst: TrackedSegment,
  by: Side,
  expected: string,
): Shortfall[] {
  const { summary } = connection;
  // A RST that ended nothing came behind a close, which is seen, or out of sequence, which may be for a segment missed.
  if (summary.resetBy === undefined || !endsSomething(connection, rst)) {
    return [seenAt(connection, rst, expected, summary.ending === 'closed' ? 'seen' : 'absent')];
  }
  if (rst.from !== by || refuses(rst)) return [seenAt(connection, rst, expected)];
  return wasEstablished(connection) ? [] : [seenAt(connection, rst, expected, 'absent')];
}

/**
 * Whether an end acted on an established connection. A client that closed in SYN-SENT and answers the late SYN,ACK
 * by a RST never did, though the table has it established by then.
 */
function wasEstablished({ segments }: Connection): boolean {
  return segments.some(({ from, segment, statesAfter }) => {
    const isPlain = (segment.flags & (Flag.SYN | Flag.RST)) === 0;
    return isPlain && statesAfter[from] === 'ESTABLISHED';
  });
}

function stateShortfalls(
  connection: Connection,
  rst: TrackedSegment,
  { by, receiverIn }: { readonly by: Side; readonly receiverIn: TcpState },
  expected: string,
): Shortfall[] {
  if (rst.from !== by) return [seenAt(connection, rst, expected)];
  const receiver = otherSide(by);
  const { before: state, after } = receiverStates(connection, rst);
  const ended = hasEnded(receiverIn, after);
  if (state === receiverIn && ended) return [];
  const { mismatch } = seenAt(connection, rst, expected, 'absent');
  const observed = `${mismatch.observed}, the ${receiver} in ${state}${ended ? '' : `, where it stayed`}`;
  return [{ basis: 'absent', mismatch: { ...mismatch, observed } }];
}

function causeShortfalls(connection: Connection, rst: TrackedSegment, because: ResetCause): Shortfall[] {
  switch (because) {
    case 'data after close':
      return dataAfterCloseShortfalls(connection, rst);
    case 'resetAndDestroy':
      return closingCallOf(connection, rst)?.report.name === 'resetAndDestroy'
        ? []
        : [seenAt(connection, rst, `${way(rst.from)}  RST  by resetAndDestroy()`, 'absent')];
    case 'unread data':
      return unreadShortfalls(connection, rst);
  }
}

function unreadShortfalls(connection: Connection, rst: TrackedSegment): Shortfall[] {
  const expected = `${way(rst.from)}  RST  of a destroy() with unread data`;
  const call = closingCallOf(connection, rst);
  if (call === undefined || call.report.name !== 'destroy')
    return [seenAt(connection, rst, expected, 'absent')];
  const unread = unreadBytes(connection, rst.from, call.atNs);
  if (unread !== undefined && unread > 0) return [];
  const { mismatch } = seenAt(connection, rst, expected, 'absent');
  if (unread === 0) return [{ basis: 'absent', mismatch }];
  const observed = 'no snapshot of ss tells what lay unread at the destroy()';
  return [{ basis: 'unobserved', mismatch: { expected, observed } }];
}

/** Octets of the other end that came behind the FIN of who resets, and were not acknowledged by it. */
function dataAfterCloseShortfalls(connection: Connection, rst: TrackedSegment): Shortfall[] {
  const { segments } = connection;
  const before = segments.slice(0, segments.indexOf(rst));
  const finAt = before.findIndex(({ from, segment }) => from === rst.from && hasFlags(segment, Flag.FIN));
  const acknowledged = Math.max(-1, ...before.filter(({ from }) => from === rst.from).map(ackOf));
  const data = before.find(({ from, segment, sequence, delivered }, index) => {
    const isNew = segment.payloadBytes > 0 && sequence + sequenceLength(segment) > acknowledged;
    return index > finAt && from !== rst.from && delivered && isNew;
  });
  if (finAt !== -1 && data !== undefined) return [];
  const expected = `${way(rst.from)}  RST  in answer to data behind its FIN`;
  return [seenAt(connection, rst, expected, 'absent')];
}

function ackOf({ acknowledgment = -1 }: TrackedSegment): number {
  return acknowledgment;
}
