/**
 * {@link TRANSITIONS} as numbers, for trackers that follow millions of segments: a state is its place in TCP_STATES,
 * and a cell is found by arithmetic where the table needs two look-ups by name (a tenth of the tracker's time).
 */
import { TCP_STATES, type TcpEvent, type TcpState } from '../model/tcp-state.ts';
import { TRANSITIONS } from './transitions.ts';

/** Places of the states in TCP_STATES. */
export const State = {
  CLOSED: 0,
  LISTEN: 1,
  SYN_SENT: 2,
  SYN_RECEIVED: 3,
  ESTABLISHED: 4,
  FIN_WAIT_1: 5,
  CLOSE_WAIT: 7,
} as const;

/** Places in {@link EVENTS}. */
export const Event = {
  SEND_SYN: 0,
  SEND_SYN_ACK: 1,
  SEND_FIN: 2,
  SEND_RST: 3,
  RECV_SYN: 4,
  RECV_SYN_ACK: 5,
  RECV_ACK_OF_SYN: 6,
  RECV_FIN: 7,
  RECV_ACK_OF_FIN: 8,
  RECV_FIN_AND_ACK_OF_FIN: 9,
  RECV_RST: 10,
} as const;

const EVENTS: readonly TcpEvent[] = [
  'send SYN',
  'send SYN,ACK',
  'send FIN',
  'send RST',
  'recv SYN',
  'recv SYN,ACK',
  'recv ACK of SYN',
  'recv FIN',
  'recv ACK of FIN',
  'recv FIN+ACK of FIN',
  'recv RST',
];

/** A row a state, a column an event; -1 where the table has no cell. */
const NEXT = Int8Array.from(
  TCP_STATES.flatMap((state) =>
    EVENTS.map((event) => {
      const next = TRANSITIONS[state][event];
      return next === undefined ? -1 : TCP_STATES.indexOf(next);
    }),
  ),
);

export function codeOf(state: TcpState): number {
  return TCP_STATES.indexOf(state);
}

export function stateOf(code: number): TcpState {
  return TCP_STATES[code] ?? 'CLOSED';
}

export function eventOf(event: number): TcpEvent {
  return EVENTS[event] ?? 'recv RST';
}

/** The state that follows; -1 when the table has no cell for it. */
export function nextState(state: number, event: number): number {
  return NEXT[state * EVENTS.length + event] ?? -1;
}

/** `recv FIN in LISTEN`. */
export function describeMissing(state: number, event: number): string {
  return `${EVENTS[event] ?? ''} in ${stateOf(state)}`;
}
