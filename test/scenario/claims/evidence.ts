/** What is counted and shown for a claim, from conversations that were told. */
import test from 'ava';
import { segmentsShowing, statesShowing } from '../../../harness/scenario/claims/claim-evidence.ts';
import { compareTimeWait } from '../../../harness/scenario/claims/time-wait-count.ts';
import type { Timeline } from '../../../harness/model/connection.ts';
import type { SocketSample } from '../../../harness/model/observation.ts';
import {
  CLIENT,
  CLOSING_BY_CLIENT,
  connectionOf,
  OPENING,
  SERVER,
  timelineOf,
} from '../../support/segment-script.ts';

const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];
const BY_SERVER = [...OPENING, 'server FIN,ACK', 'client ACK', 'client FIN,ACK', 'server ACK'];

const OTHER_CLIENT = { ...CLIENT, port: 40_001 };

/** One connection that the server closed first, and another that its client did. */
const ONE_EACH: Timeline = {
  ...timelineOf(BY_SERVER),
  connections: [connectionOf(BY_SERVER), { ...connectionOf(CLOSED), client: OTHER_CLIENT }],
};

const waiting = (peer: SocketSample['peer'], local: SocketSample['local'] = SERVER): SocketSample => {
  const timer = { name: 'timewait', expires: '59sec', retransmits: 0 };
  return { state: 'TIME-WAIT', local, peer, receiveQueue: 0, sendQueue: 0, timer };
};
const compared = (...sockets: readonly SocketSample[]): ReturnType<typeof compareTimeWait> => {
  return compareTimeWait(ONE_EACH, { startedAtNs: 0n, endedAtNs: 1n, sockets });
};

test('TIME-WAIT that a server is left with only where it closed first refutes that it is better off', (t) => {
  t.deepEqual(compared(waiting(CLIENT), waiting(SERVER, OTHER_CLIENT)), {
    claim: 7,
    outcome: 'refuted',
    evidence:
      'of 1 connections that the server closed first ss lists 1 in TIME-WAIT at the server (one has 59sec left), of 1 that the client did 0',
  });
});

test('TIME-WAIT that a server is left with only where it closed last would confirm it', (t) => {
  t.is(compared(waiting(OTHER_CLIENT)).outcome, 'confirmed');
});

test('TIME-WAIT of the server in both cases or in none, or that of others, says nothing of claim 7', (t) => {
  const open: SocketSample = { ...waiting(CLIENT), state: 'ESTABLISHED' };
  t.is(compared(waiting(CLIENT), waiting(OTHER_CLIENT)).outcome, undefined);
  t.is(compared().outcome, undefined);
  t.is(compared(waiting({ ...CLIENT, port: 1 }), waiting(SERVER, CLIENT), open).outcome, undefined);
});

test('for claims of numbers the handshake is shown as on the wire, for others the close', (t) => {
  const lines = [
    ...OPENING,
    'client FIN,ACK len 2 lost',
    'client FIN,ACK len 2 seq 1',
    ...CLOSING_BY_CLIENT.slice(1),
  ];
  const connection = connectionOf(lines);
  t.deepEqual(segmentsShowing(1, connection), [
    '#1 SYN seq 1000 →',
    '#2 SYN,ACK seq 5000 ack 1001 ←',
    '#3 ACK seq 1001 ack 5001 →',
  ]);
  t.deepEqual(segmentsShowing(6, connection).slice(0, 3), [
    '#4 FIN,ACK len 2 lost →',
    '#5 FIN,ACK len 2 again →',
    '#6 ACK ←',
  ]);
});

test('states are shown where a claim is about them', (t) => {
  const connection = connectionOf(CLOSED, {
    ss: [
      [3.5, 'ESTABLISHED', 'ESTABLISHED'],
      [9, 'TIME-WAIT', 'CLOSED'],
    ],
  });
  t.is(statesShowing(5, connection), 'client ESTABLISHED, TIME-WAIT; server ESTABLISHED, CLOSED');
  t.is(statesShowing(3, connection), '');
  t.is(statesShowing(5, connectionOf(CLOSED)), '');
});
