/** Arrows that no segment tells of: two looks of `ss`, one after the other, and nothing on the wire between them. */
import type { Arrow, Proof } from '../../model/coverage.ts';
import type { TcpState } from '../../model/tcp-state.ts';
import { callsOf, type Look, looksAt, looksAtListener } from './ss-witness.ts';
import { at, first, proof, segmentWords, SIDES, span, type Witness } from './witness.ts';

/** TCP_TIMEWAIT_LEN, which Linux takes for 2 MSL; no setting shortens it. */
const TWO_MSL_NS = 60_000_000_000n;

export function isListening(witness: Witness): Proof | undefined {
  const look = looksAtListener(witness.evidence).find(({ state }) => state === 'LISTEN');
  const firstNs = witness.connection.segments[0]?.atNs;
  if (look === undefined || firstNs === undefined || look.toNs > firstNs) return undefined;
  return proof(witness, 'server', {
    wire: 'no segment: LISTEN tells nobody',
    ss: `LISTEN, ${span(firstNs - look.toNs)} before the first segment`,
  });
}

export function startsListening(witness: Witness): Proof | undefined {
  const began = change(witness, looksAtListener(witness.evidence), 'CLOSED', 'LISTEN');
  if (began !== undefined) {
    return proof(witness, 'server', { wire: 'no segment between the two', ss: 'not listed, then LISTEN' });
  }
  const listening = isListening(witness);
  return listening && { ...listening, remark: 'not looked at before it listened' };
}

export function stopsListening(witness: Witness): Proof | undefined {
  const { evidence } = witness;
  const gone = change(witness, looksAtListener(evidence), 'LISTEN', 'CLOSED');
  // A process that dies takes its listener along, too.
  const closed = callsOf(evidence, 'server', 'server.close').some((ns) => isWithin(ns, gone));
  if (gone === undefined || !closed) return undefined;
  return proof(witness, 'server', {
    wire: 'no segment between the two',
    ss: 'LISTEN, then not listed, server.close() in between',
  });
}

/** A close by the program that deletes the connection and sends nothing: not a time-out, and no error's destroy(). */
export function closesSilently({ from }: Arrow, witness: Witness): Proof | undefined {
  return first(SIDES, (side) => {
    const { connection } = witness;
    const gone = change(witness, looksAt(connection, side), from, 'CLOSED');
    const last = connection.segments.at(-1);
    // Nothing is sent before the second look; what comes for the closed socket afterwards is another matter.
    const before = connection.segments.findLast(({ atNs }) => gone !== undefined && atNs <= gone.last.toNs);
    if (gone === undefined || last === undefined || before === undefined) return undefined;
    const own = connection.js.filter((each) => each.side === side);
    const failed = own.some(({ report, atNs }) => report.name === 'error' && atNs <= gone.next.toNs);
    const closed = own.some(({ report, atNs }) => {
      return (
        report.kind === 'call' && report.name === 'destroy' && report.by === 'program' && isWithin(atNs, gone)
      );
    });
    if (failed || !closed) return undefined;
    return proof(witness, side, {
      wire: `nothing after ${segmentWords(before)}`,
      ss: `${from}, then not listed, destroy() in between`,
    });
  });
}

/** The end of TIME-WAIT: at its time, or before it where the socket was killed, which is said. */
export function timesOut(witness: Witness): Proof | undefined {
  return first(SIDES, (side) => {
    const gone = change(witness, looksAt(witness.connection, side), 'TIME-WAIT', 'CLOSED');
    const segment = witness.connection.segments.at(-1);
    if (gone === undefined || segment === undefined || segment.atNs > gone.last.fromNs) return undefined;
    const wire = `nothing after ${segmentWords(segment)}`;
    const [stillNs, goneNs] = [gone.last.fromNs - segment.atNs, gone.next.toNs - segment.atNs];
    const ss = `TIME-WAIT ${at(stillNs)}, not listed ${at(goneNs)}`;
    if (witness.killed.includes(side))
      return proof(witness, side, { wire, ss, remark: 'killed by ss -K, not by time' });
    // Gone no earlier than it may, and there for longer than one MSL: not somebody's doing long before.
    return goneNs >= TWO_MSL_NS && stillNs > TWO_MSL_NS / 2n ? proof(witness, side, { wire, ss }) : undefined;
  });
}

interface Change {
  readonly last: Look;
  readonly next: Look;
}

/** Two looks one after the other, in one state and then in another, and nothing on the wire between them. */
function change(
  { connection }: Witness,
  looks: readonly Look[],
  from: TcpState,
  to: TcpState,
): Change | undefined {
  const index = looks.findIndex((look, each) => look.state === to && looks[each - 1]?.state === from);
  const [last, next] = [looks[index - 1], looks[index]];
  if (last === undefined || next === undefined) return undefined;
  const sent = connection.segments.some(({ atNs }) => atNs >= last.fromNs && atNs <= next.toNs);
  if (sent) return undefined;
  return { last, next };
}

/** Between the two looks: a call before the last look at the state before had not ended it. */
function isWithin(ns: bigint, gone: Change | undefined): boolean {
  return gone !== undefined && ns >= gone.last.fromNs && ns <= gone.next.toNs;
}
