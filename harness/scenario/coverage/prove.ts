import type { Connection, Side } from '../../model/connection.ts';
import type { Arrow, Proof } from '../../model/coverage.ts';
import { Flag, hasFlags } from '../../model/segment.ts';
import type { TcpState } from '../../model/tcp-state.ts';
import { answersAgain, answersUnacceptable } from './prove-answer.ts';
import { closesSilently, isListening, startsListening, stopsListening, timesOut } from './prove-silent.ts';
import { around, type Look, looksAt, looksAtListener, looksAtRow } from './ss-witness.ts';
import { at, first, proof, SIDES, span, type Witness } from './witness.ts';

/** How this connection shows the arrow in the wire and in `ss`; undefined when it does not. */
export function proveArrow(arrow: Arrow, witness: Witness): Proof | undefined {
  switch (arrow.event) {
    case 'passive open':
      return startsListening(witness);
    case 'close':
      return arrow.from === 'LISTEN' ? stopsListening(witness) : closesSilently(arrow, witness);
    case '2MSL':
      return timesOut(witness);
    case 'retransmitted FIN':
      return answersAgain(witness);
    case 'unacceptable segment':
      return answersUnacceptable(arrow, witness);
    default:
      return first(SIDES, (side) => provedBySegment(arrow, side, witness));
  }
}

/** Where `ss` showed the state, and which segment had led into it; undefined when it did not. */
export function proveState(state: TcpState, witness: Witness): Proof | undefined {
  if (state === 'LISTEN') return isListening(witness);
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
      return proof(witness, side, { segment, ss: `${state} ${at(look.fromNs - segment.atNs)}` });
    }
    return undefined;
  });
}

/** A change that a segment brings: `ss` showed the state before as the last thing before it, the new as the first after. */
function provedBySegment(arrow: Arrow, side: Side, witness: Witness): Proof | undefined {
  const { connection, evidence } = witness;
  const looks = (state: TcpState): readonly Look[] =>
    state === 'LISTEN' ? looksAtListener(evidence) : looksAt(connection, side);
  const moves = connection.segments
    .flatMap(({ transitions }) => transitions)
    .filter((move) => move.side === side && move.from === arrow.from && move.event === arrow.event);
  return first(moves, ({ frame }) => {
    const segment = connection.segments.find((each) => each.segment.frame === frame);
    if (segment === undefined || !hasOpened(arrow, side, connection)) return undefined;
    const { after } = around(looks(arrow.to), segment.atNs);
    if (after?.state !== arrow.to) return undefined;
    const then = `${arrow.to} ${at(after.fromNs - segment.atNs)}`;
    if (arrow.from === 'CLOSED') return fromNothing(witness, side, segment, then);
    if (around(looks(arrow.from), segment.atNs).before?.state !== arrow.from) return undefined;
    return proof(witness, side, { segment, ss: `${arrow.from}, then ${then}` });
  });
}

/** That a socket was not there before its first segment takes a look as well. */
function fromNothing(
  witness: Witness,
  side: Side,
  segment: Connection['segments'][number],
  then: string,
): Proof | undefined {
  const { before } = around(looksAtRow(witness, side), segment.atNs);
  if (before === undefined) {
    const remark = 'not looked at before it was made';
    return proof(witness, side, { segment, ss: then, remark });
  }
  // Its SYN was kept in a queue: what leads into SYN-SENT was not captured when it was sent.
  if (before.state !== 'CLOSED') return undefined;
  const ss = `not listed ${span(segment.atNs - before.toNs)} before, then ${then}`;
  return proof(witness, side, { segment, ss });
}

function hasOpened({ opened }: Arrow, side: Side, { segments }: Connection): boolean {
  if (opened === undefined) return true;
  const sentSyn = segments.some(({ from, segment }) => {
    return from === side && hasFlags(segment, Flag.SYN) && !hasFlags(segment, Flag.ACK);
  });
  return sentSyn === (opened === 'actively');
}
