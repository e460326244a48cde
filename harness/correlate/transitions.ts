import type { TcpEvent, TcpState } from '../model/tcp-state.ts';

type Row = Readonly<Partial<Record<TcpEvent, TcpState>>>;

/**
 * RFC 9293 §3.3.2 Figure 5 and §3.10, seen from the segments: a row a state, a cell the state that follows.
 * A missing cell is an anomaly. Sending an ACK changes no state, and the passage of 2MSL sends no segment.
 */
export const TRANSITIONS: Readonly<Record<TcpState, Row>> = {
  CLOSED: {
    'send SYN': 'SYN-SENT', // §3.10.1 active OPEN
    'recv SYN': 'CLOSED', // §3.10.7.1: whatever comes to no connection is discarded
    'send RST': 'CLOSED', // … and answered by a RST
    'recv RST': 'CLOSED',
  },
  LISTEN: {
    'recv SYN': 'SYN-RECEIVED', // §3.10.7.2
    'send SYN': 'SYN-SENT', // §3.10.1 OPEN on a listening connection
    'send RST': 'LISTEN', // the answer to an ACK that belongs to no connection
    'recv RST': 'LISTEN', // ignored
  },
  'SYN-SENT': {
    'recv SYN,ACK': 'ESTABLISHED', // §3.10.7.3
    'recv SYN': 'SYN-RECEIVED', // §3.5 Figure 7: simultaneous open
    'recv RST': 'CLOSED',
    'send RST': 'CLOSED', // closed in SYN-SENT, then answered the late SYN,ACK
  },
  'SYN-RECEIVED': {
    'send SYN,ACK': 'SYN-RECEIVED', // the answer to the SYN that led here
    'recv SYN,ACK': 'ESTABLISHED', // simultaneous open: both SYNs crossed
    'recv ACK of SYN': 'ESTABLISHED', // §3.10.7.4
    'send FIN': 'FIN-WAIT-1', // §3.10.4
    'recv RST': 'CLOSED', // a passive opener goes back to LISTEN, with a connection fewer
    'send RST': 'CLOSED',
  },
  ESTABLISHED: {
    'send FIN': 'FIN-WAIT-1', // §3.10.4
    'recv FIN': 'CLOSE-WAIT', // §3.10.7.4
    'recv RST': 'CLOSED',
    'send RST': 'CLOSED',
  },
  'FIN-WAIT-1': {
    'recv ACK of FIN': 'FIN-WAIT-2', // §3.10.7.4
    'recv FIN': 'CLOSING',
    'recv FIN+ACK of FIN': 'TIME-WAIT',
    'recv RST': 'CLOSED',
    'send RST': 'CLOSED',
  },
  'FIN-WAIT-2': {
    'recv FIN': 'TIME-WAIT', // §3.10.7.4
    'recv RST': 'CLOSED',
    'send RST': 'CLOSED',
  },
  CLOSING: {
    'recv ACK of FIN': 'TIME-WAIT', // §3.10.7.4
    'recv RST': 'CLOSED',
    'send RST': 'CLOSED',
  },
  'CLOSE-WAIT': {
    'send FIN': 'LAST-ACK', // §3.10.4
    'recv RST': 'CLOSED',
    'send RST': 'CLOSED',
  },
  'LAST-ACK': {
    'recv ACK of FIN': 'CLOSED', // §3.10.7.4
    'recv RST': 'CLOSED',
    'send RST': 'CLOSED',
  },
  'TIME-WAIT': {
    'recv RST': 'CLOSED', // Linux too, unless net.ipv4.tcp_rfc1337 is 1 (RFC 1337)
    'send RST': 'CLOSED', // TIME-WAIT answers by ACK only: a RST comes from an end where it is over
  },
};
