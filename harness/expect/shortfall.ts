import { callSiteText } from '../model/call-site-text.ts';
import type { Connection, PlacedJsReport, Side, TrackedSegment } from '../model/connection.ts';
import type { Lane } from '../model/observation.ts';
import { flagsText } from '../model/segment.ts';
import type { TcpState } from '../model/tcp-state.ts';
import type { Mismatch } from '../model/verdict.ts';

/**
 * Where a connection falls short of an expectation.
 * - `seen`: a segment or state that rules it out was observed, whatever else may be missing;
 * - `absent`: something was not observed, or not first: with damaged evidence that proves nothing;
 * - `unobserved`: nobody looked at the moment that matters.
 */
export interface Shortfall {
  readonly basis: 'seen' | 'absent' | 'unobserved';
  readonly mismatch: Mismatch;
}

/** What the judge of one kind of expectation finds. */
export interface Judgement {
  /** Lanes without which nothing can be said. */
  readonly needs: readonly Lane[];
  readonly shortfalls: readonly Shortfall[];
  /** What shows that it is met; used when there is no shortfall. */
  readonly proof: string;
}

/** `server → client  RST,ACK  (frame 7)`. */
export function segmentText({ from, segment }: TrackedSegment): string {
  return `${way(from)}  ${flagsText(segment.flags)}  (frame ${segment.frame})`;
}

export function way(from: Side): string {
  return from === 'client' ? 'client → server' : 'server → client';
}

/** A shortfall shown by a segment, with its cause and its neighbours. */
export function seenAt(
  connection: Connection,
  culprit: TrackedSegment,
  expected: string,
  basis: 'seen' | 'absent' = 'seen',
): Shortfall {
  const cause = causeOf(connection, culprit);
  return {
    basis,
    mismatch: {
      expected,
      observed: segmentText(culprit),
      frame: culprit.segment.frame,
      seen: neighbours(connection, culprit),
      ...(cause !== undefined && { cause }),
    },
  };
}

/** A shortfall shown by something that never came. */
export function absent(connection: Connection, expected: string, observed: string): Shortfall {
  const last = connection.segments.at(-1);
  return {
    basis: 'absent',
    mismatch: { expected, observed, ...(last && { seen: neighbours(connection, last) }) },
  };
}

/** Calls that make the kernel send a FIN or RST. */
const CLOSING_CALLS: ReadonlySet<string> = new Set(['end', 'destroy', 'resetAndDestroy']);
/** A signal that ended the process: the kernel closed its sockets. */
const SIGNAL = /^SIG[A-Z0-9]+$/;

/**
 * The JS call that made this side send the segment, as far as the node lane tells: its last closing call before
 * it, and the octets that lay unread then.
 */
export function causeOf(connection: Connection, tracked: TrackedSegment): string | undefined {
  const { from } = tracked;
  const call = closingCallOf(connection, tracked);
  if (call === undefined) return undefined;
  const unread = unreadBytes(connection, from, call.atNs) ?? 0;
  const waiting = unread > 0 ? ` with ${unread} unread bytes` : '';
  if (SIGNAL.test(call.report.name)) return `the ${from}’s process ended by ${call.report.name}${waiting}`;
  const place = call.report.site && callSiteText(call.report.site);
  const by = call.report.by === 'node' ? ', called by Node itself' : place === undefined ? '' : `, ${place}`;
  return `${from} ${call.report.name}()${waiting}${by}`;
}

/** The last closing call of a segment's sender before it; `resetAndDestroy()` before the `destroy()` that it makes. */
export function closingCallOf(
  connection: Connection,
  { from, atNs }: TrackedSegment,
): PlacedJsReport | undefined {
  const calls = connection.js.filter(({ side, report, atNs: calledAtNs }) => {
    return side === from && report.kind === 'call' && isClosing(report.name) && calledAtNs <= atNs;
  });
  // resetAndDestroy() is itself a destroy() that Node calls.
  return calls.find(({ report }) => report.name === 'resetAndDestroy') ?? calls.at(-1);
}

function isClosing(name: string): boolean {
  return CLOSING_CALLS.has(name) || SIGNAL.test(name);
}

/** States behind the other end's FIN, which counts one octet in Recv-Q until the program has read the end. */
const FIN_RECEIVED: ReadonlySet<TcpState> = new Set(['CLOSE-WAIT', 'CLOSING', 'LAST-ACK', 'TIME-WAIT']);

/** Octets that lay unread by the last snapshot before `atNs`; undefined when none tells. */
export function unreadBytes({ observedStates }: Connection, side: Side, atNs: bigint): number | undefined {
  const before = observedStates.findLast((seen) => seen.side === side && seen.latestNs <= atNs);
  const lastSample = before?.samples.at(-1);
  if (before === undefined || lastSample === undefined || lastSample.fromNs > atNs) return undefined;
  const receiveQueue = before.receiveQueue ?? 0;
  return Math.max(0, FIN_RECEIVED.has(before.state) ? receiveQueue - 1 : receiveQueue);
}

/** The segment with the two before it and the one after: `#5 FIN,ACK →   #6 ACK ←`. */
function neighbours({ segments }: Connection, culprit: TrackedSegment): string {
  const at = segments.indexOf(culprit);
  return segments
    .slice(Math.max(0, at - 2), at + 2)
    .map(
      ({ from, segment }) => `#${segment.frame} ${flagsText(segment.flags)} ${from === 'client' ? '→' : '←'}`,
    )
    .join('   ');
}
