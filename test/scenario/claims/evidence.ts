/** What is counted and shown for a claim, from conversations that were told. */
import test from 'ava';
import { segmentsShowing, statesShowing } from '../../../harness/scenario/claims/claim-evidence.ts';
import { countTimeWait } from '../../../harness/scenario/claims/time-wait-count.ts';
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

const waiting = (local: SocketSample['local'], peer: SocketSample['peer']): SocketSample => {
  return { state: 'TIME-WAIT', local, peer, receiveQueue: 0, sendQueue: 0 };
};
const snapshot = (...sockets: readonly SocketSample[]): Parameters<typeof countTimeWait>[1] => {
  return { startedAtNs: 0n, endedAtNs: 1n, sockets };
};

test('TIME-WAIT with the server, which closed first, refutes that it is better off', (t) => {
  const note = countTimeWait(timelineOf(BY_SERVER), snapshot(waiting(SERVER, CLIENT)));
  t.deepEqual(note, {
    claim: 7,
    outcome: 'refuted',
    evidence: 'ss lists 1 TIME-WAIT sockets of the server and 0 of the clients, for 1 connections',
  });
});

test('TIME-WAIT with the client, which closed first, leaves the server with nothing', (t) => {
  t.is(countTimeWait(timelineOf(CLOSED), snapshot(waiting(CLIENT, SERVER))).outcome, 'refuted');
});

test('TIME-WAIT with who did not close first, with both, or with nobody says nothing of claim 7', (t) => {
  const both = snapshot(waiting(CLIENT, SERVER), waiting(SERVER, CLIENT));
  t.is(countTimeWait(timelineOf(BY_SERVER), snapshot(waiting(CLIENT, SERVER))).outcome, undefined);
  t.is(countTimeWait(timelineOf(BY_SERVER), both).outcome, undefined);
  t.is(countTimeWait(timelineOf(CLOSED), both).outcome, undefined);
  t.is(countTimeWait(timelineOf(CLOSED), snapshot()).outcome, undefined);
});

test('sockets of others, and other states, are not counted', (t) => {
  const other = { ...CLIENT, port: 1 };
  const open: SocketSample = { ...waiting(SERVER, CLIENT), state: 'ESTABLISHED' };
  t.is(countTimeWait(timelineOf(BY_SERVER), snapshot(waiting(SERVER, other), open)).outcome, undefined);
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
