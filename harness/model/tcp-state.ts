/**
 * The eleven connection states, spelt as in RFC 9293 §3.3.2.
 * Linux spellings (`ESTAB`, `SYN-RECV`, `UNCONN`) exist only in `kernel/`.
 */
export const TCP_STATES = [
  'CLOSED',
  'LISTEN',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
] as const;

export type TcpState = (typeof TCP_STATES)[number];

/** Programs without types can say anything. @throws TypeError */
export function checkState(state: unknown): TcpState {
  const known = TCP_STATES.find((each) => each === state);
  if (known !== undefined) return known;
  throw new TypeError(`Unknown TCP state "${String(state)}"; known: ${TCP_STATES.join(', ')}`);
}

/** What can befall an endpoint, classified from the segments that it sends and receives. */
export type TcpEvent =
  | 'send SYN'
  | 'send SYN,ACK'
  | 'send FIN'
  | 'send RST'
  | 'recv SYN'
  | 'recv SYN,ACK'
  | 'recv ACK of SYN'
  | 'recv FIN'
  | 'recv ACK of FIN'
  | 'recv FIN+ACK of FIN'
  | 'recv RST';
