import type { Connection, Side, TrackedSegment } from '../../model/connection.ts';
import type { Arrow, Proof } from '../../model/coverage.ts';
import type { RunEvidence } from '../../model/run-evidence.ts';
import { Flag, flagsText, hasFlags } from '../../model/segment.ts';
import type { TcpState } from '../../model/tcp-state.ts';
import { around, type Look, looksAt, looksAtListener } from './ss-witness.ts';

/** One connection of a run that was met, with what its lanes saw. */
export interface Witness {
  readonly scenario: string;
  readonly name: string;
  readonly connection: Connection;
  readonly evidence: RunEvidence;
  /** Sides whose socket the scenario had killed by `ss -K`. */
  readonly killed: readonly Side[];
}

const SIDES = ['client', 'server'] as const;

/** How this connection shows the arrow in the wire and in `ss`; undefined when it does not. */
export function proveArrow(arrow: Arrow, witness: Witness): Proof | undefined {
  switch (arrow.event) {
    case 'passive open':
      return listens(witness);
    case 'close':
      return arrow.from === 'LISTEN' ? stopsListening(witness) : closesSilently(arrow, witness);
    case '2MSL':
      return timesOut(witness);
    case 'retransmitted FIN':
      return answersAgain(witness);
    case 'unacceptable segment':
      return answersUnacceptable(witness);
    default:
      return first(SIDES, (side) => provedBySegment(arrow, side, witness));
  }
}

/** Where `ss` showed the state, and which segment had led into it; undefined when it did not. */
export function proveState(state: TcpState, witness: Witness): Proof | undefined {
  if (state === 'LISTEN') return listens(witness);
  return first(SIDES, (side) => {
    const { connection } = witness;
    for (const look of looksAt(connection, side).filter((each) => each.state === state)) {
      const led = connection.segments.findLast((segment) => segment.atNs <= look.fromNs);
      const is = led?.statesAfter[side];
      if (led === undefined || is !== state) continue;
      const into = connection.segments
        .flatMap(({ transitions }) => transitions)
        .findLast((each) => each.side === side && each.to === state && each.frame <= led.segment.frame);
      const segment = connection.segments.find((each) => each.segment.frame === into?.frame);
      if (segment === undefined) continue;
      return proof(witness, side, { segment, ss: `${state} ${later(look, segment.atNs)}` });
    }
    return undefined;
  });
}

/** A change that a segment brings: `ss` showed the state before as the last thing before it, the new as the first after. */
function provedBySegment(arrow: Arrow, side: Side, witness: Witness): Proof | undefined {
  const { connection, evidence } = witness;
  const moves = connection.segments
    .flatMap(({ transitions }) => transitions)
    .filter((move) => move.side === side && move.from === arrow.from && move.event === arrow.event);
  return first(moves, ({ frame }) => {
    const segment = connection.segments.find((each) => each.segment.frame === frame);
    if (segment === undefined || !hasOpened(arrow, side, connection)) return undefined;
    const { before } = around(
      arrow.from === 'LISTEN' ? looksAtListener(evidence) : looksAt(connection, side),
      segment.atNs,
    );
    const { after } = around(
      arrow.to === 'LISTEN' ? looksAtListener(evidence) : looksAt(connection, side),
      segment.atNs,
    );
    // Before a SYN there is no socket to look at, or one that ss lists as in SYN-SENT though nothing was sent yet.
    const isFrom = arrow.from === 'CLOSED' ? before === undefined : before?.state === arrow.from;
    if (!isFrom || after?.state !== arrow.to) return undefined;
    const began = arrow.from === 'CLOSED' ? 'no socket' : arrow.from;
    return proof(witness, side, { segment, ss: `${began}, then ${arrow.to} ${later(after, segment.atNs)}` });
  });
}

function hasOpened({ opened }: Arrow, side: Side, { segments }: Connection): boolean {
  if (opened === undefined) return true;
  const sentSyn = segments.some(({ from, segment }) => {
    return from === side && hasFlags(segment, Flag.SYN) && !hasFlags(segment, Flag.ACK);
  });
  return sentSyn === (opened === 'actively');
}

function listens(witness: Witness): Proof | undefined {
  const look = looksAtListener(witness.evidence).find(({ state }) => state === 'LISTEN');
  const firstNs = witness.connection.segments[0]?.atNs;
  if (look === undefined || firstNs === undefined || look.toNs > firstNs) return undefined;
  return proof(witness, 'server', {
    wire: 'no segment: LISTEN tells nobody',
    ss: `LISTEN, ${span(firstNs - look.toNs)} before the first segment`,
  });
}

function stopsListening(witness: Witness): Proof | undefined {
  const looks = looksAtListener(witness.evidence);
  const at = looks.findIndex(
    ({ state }, index) => state === 'CLOSED' && looks[index - 1]?.state === 'LISTEN',
  );
  const [last, gone] = [looks[at - 1], looks[at]];
  if (last === undefined || gone === undefined || wasSentBetween(witness, last, gone)) return undefined;
  return proof(witness, 'server', { wire: 'no segment between the two', ss: 'LISTEN, then not listed' });
}

/** A close that deletes the connection and sends nothing. */
function closesSilently({ from }: Arrow, witness: Witness): Proof | undefined {
  return first(SIDES, (side) => {
    const gone = vanishing(witness, side, from);
    const segment = witness.connection.segments.findLast(
      ({ atNs }) => gone !== undefined && atNs <= gone.last.toNs,
    );
    if (gone === undefined || segment === undefined) return undefined;
    const closed = witness.connection.js.some(
      ({ side: by, report }) => by === side && report.name === 'destroy',
    );
    if (!closed) return undefined;
    return proof(witness, side, {
      wire: `nothing after ${segmentWords(segment)}`,
      ss: `${from}, then not listed`,
    });
  });
}

function timesOut(witness: Witness): Proof | undefined {
  return first(SIDES, (side) => {
    const gone = vanishing(witness, side, 'TIME-WAIT');
    const last = witness.connection.segments.at(-1);
    if (gone === undefined || last === undefined) return undefined;
    return proof(witness, side, {
      wire: `nothing after ${segmentWords(last)}`,
      ss: `TIME-WAIT, then not listed ${later(gone.next, last.atNs)}`,
      ...(witness.killed.includes(side) && { remark: 'killed by ss -K, not by time' }),
    });
  });
}

/** Two looks one after the other, the socket there and then gone, and nothing on the wire between them or after. */
function vanishing(
  witness: Witness,
  side: Side,
  state: TcpState,
): { readonly last: Look; readonly next: Look } | undefined {
  const looks = looksAt(witness.connection, side);
  const at = looks.findIndex((look, index) => look.state === 'CLOSED' && looks[index - 1]?.state === state);
  const [last, next] = [looks[at - 1], looks[at]];
  if (last === undefined || next === undefined || wasSentBetween(witness, last, next)) return undefined;
  return { last, next };
}

function wasSentBetween({ connection }: Witness, last: Look, next: Look): boolean {
  return connection.segments.some(({ atNs }) => atNs >= last.fromNs && atNs <= next.toNs);
}

function answersAgain(witness: Witness): Proof | undefined {
  return provedByAnswer(witness, 'TIME-WAIT', ({ segment, retransmission }) => {
    return retransmission && hasFlags(segment, Flag.FIN);
  });
}

function answersUnacceptable(witness: Witness): Proof | undefined {
  return provedByAnswer(witness, 'ESTABLISHED', ({ segment, sequence, from }) => {
    const answered = highestAcknowledged(witness.connection, from, segment.frame);
    return answered !== undefined && sequence + segment.payloadBytes < answered;
  });
}

/** A segment that changes nothing, delivered, and an ACK back; `ss` showed the state before and after both. */
function provedByAnswer(
  witness: Witness,
  state: TcpState,
  isMeant: (segment: TrackedSegment) => boolean,
): Proof | undefined {
  const { segments } = witness.connection;
  return first([...segments.entries()], ([index, segment]) => {
    const side = segment.from === 'client' ? 'server' : 'client';
    const answer = segments[index + 1];
    if (!segment.delivered || !isMeant(segment) || segment.statesAfter[side] !== state) return undefined;
    if (answer?.from !== side || !hasFlags(answer.segment, Flag.ACK) || answer.segment.payloadBytes > 0)
      return undefined;
    const looks = looksAt(witness.connection, side);
    const { before } = around(looks, segment.atNs);
    const { after } = around(looks, answer.atNs);
    if (before?.state !== state || after?.state !== state) return undefined;
    return proof(witness, side, {
      segment,
      wire: `${segmentWords(segment)}, answered by ${segmentWords(answer)}`,
      ss: `${state} before and after`,
    });
  });
}

function highestAcknowledged({ segments }: Connection, of: Side, beforeFrame: number): number | undefined {
  const acknowledged = segments
    .filter(({ from, segment, delivered }) => from !== of && delivered && segment.frame < beforeFrame)
    .map(({ acknowledgment }) => acknowledgment ?? 0);
  return acknowledged.length === 0 ? undefined : Math.max(...acknowledged);
}

function proof(
  { scenario, name }: Witness,
  side: Side,
  { segment, wire, ss, remark }: { segment?: TrackedSegment; wire?: string; ss: string; remark?: string },
): Proof {
  return {
    scenario,
    connection: name,
    side,
    ...(segment && { frame: segment.segment.frame }),
    wire: wire ?? (segment === undefined ? 'no segment' : segmentWords(segment)),
    ss,
    ...(remark !== undefined && { remark }),
  };
}

function segmentWords({ from, segment }: TrackedSegment): string {
  return `#${segment.frame} ${from} ${flagsText(segment.flags)}`;
}

function later(look: Look, atNs: bigint): string {
  return `at +${span(look.fromNs - atNs)}`;
}

function span(ns: bigint): string {
  const ms = Math.max(0, Number(ns) / 1e6);
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
