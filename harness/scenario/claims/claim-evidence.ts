/** The part of a connection that shows what a claim is about, one line a lane. */
import type { Connection, TrackedSegment } from '../../model/connection.ts';
import { Flag, flagsText, hasFlags } from '../../model/segment.ts';

/** Claims about numbers: those of the handshake are shown as they are on the wire. */
const OF_NUMBERS: ReadonlySet<number> = new Set([1, 2, 8]);
/** Claims that states show. */
const OF_STATES: ReadonlySet<number> = new Set([5, 6, 7]);

/** `#1 SYN seq 2709829826 →`, `#2 SYN,ACK seq 1563255667 ack 2709829827 ←`; or the close, `#5 FIN,ACK again →`. */
export function segmentsShowing(claim: number, { segments }: Connection): string[] {
  if (OF_NUMBERS.has(claim)) return segments.slice(0, 3).map(absoluteText);
  const firstFin = segments.findIndex(({ segment }) => hasFlags(segment, Flag.FIN));
  return segments.slice(Math.max(0, firstFin)).map(relativeText);
}

/** `client ESTABLISHED, FIN-WAIT-2, TIME-WAIT; server ESTABLISHED, CLOSED`; empty where states say nothing. */
export function statesShowing(claim: number, { observedStates }: Connection): string {
  if (!OF_STATES.has(claim)) return '';
  const sides = (['client', 'server'] as const).flatMap((side) => {
    const states = observedStates.filter((seen) => seen.side === side).map(({ state }) => state);
    return states.length === 0 ? [] : [`${side} ${states.join(', ')}`];
  });
  return sides.join('; ');
}

function absoluteText({ from, segment }: TrackedSegment): string {
  const { frame, flags, sequenceNumber, acknowledgmentNumber } = segment;
  const ack = hasFlags(segment, Flag.ACK) ? ` ack ${acknowledgmentNumber}` : '';
  return `#${frame} ${flagsText(flags)} seq ${sequenceNumber}${ack} ${arrow(from)}`;
}

function relativeText({ from, segment, retransmission, delivered }: TrackedSegment): string {
  const { frame, flags, payloadBytes } = segment;
  return [
    `#${frame} ${flagsText(flags)}`,
    ...(payloadBytes > 0 ? [`len ${payloadBytes}`] : []),
    ...(retransmission ? ['again'] : []),
    ...(delivered ? [] : ['lost']),
    arrow(from),
  ].join(' ');
}

function arrow(from: TrackedSegment['from']): string {
  return from === 'client' ? '→' : '←';
}
