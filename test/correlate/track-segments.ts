import test from 'ava';
import type { TcpState } from '../../harness/model/tcp-state.ts';
import { CLOSING_BY_CLIENT, connectionOf, OPENING } from '../support/segment-script.ts';

/** Both ends' states behind each segment. */
function statesAfter(lines: readonly string[]): (readonly [TcpState, TcpState])[] {
  return connectionOf(lines).segments.map(({ statesAfter: { client, server } }) => [client, server]);
}

function anomalies(lines: readonly string[]): string[] {
  return connectionOf(lines).segments.flatMap((segment) => segment.anomalies);
}

test('an ordinary connection goes through the states of both ends', (t) => {
  const lines = [...OPENING, ...CLOSING_BY_CLIENT];
  t.deepEqual(statesAfter(lines), [
    ['SYN-SENT', 'SYN-RECEIVED'],
    ['ESTABLISHED', 'SYN-RECEIVED'],
    ['ESTABLISHED', 'ESTABLISHED'],
    ['FIN-WAIT-1', 'CLOSE-WAIT'],
    ['FIN-WAIT-2', 'CLOSE-WAIT'],
    ['TIME-WAIT', 'LAST-ACK'],
    ['TIME-WAIT', 'CLOSED'],
  ]);
  t.deepEqual(anomalies(lines), []);
});

test('a close in three segments goes from FIN-WAIT-1 to TIME-WAIT', (t) => {
  const lines = [...OPENING, 'server FIN,ACK', 'client FIN,ACK', 'server ACK'];
  t.deepEqual(statesAfter(lines).slice(3), [
    ['CLOSE-WAIT', 'FIN-WAIT-1'],
    ['LAST-ACK', 'TIME-WAIT'],
    ['CLOSED', 'TIME-WAIT'],
  ]);
});

test('FINs that crossed lead both ends through CLOSING', (t) => {
  const lines = [...OPENING, 'client FIN,ACK', 'server FIN,ACK ack 1', 'client ACK', 'server ACK'];
  t.deepEqual(statesAfter(lines).slice(3), [
    ['FIN-WAIT-1', 'ESTABLISHED'],
    ['CLOSING', 'CLOSING'],
    ['CLOSING', 'TIME-WAIT'],
    ['TIME-WAIT', 'TIME-WAIT'],
  ]);
  t.deepEqual(anomalies(lines), []);
});

test('FINs that gates held back lead both ends through CLOSING', (t) => {
  const lines = [
    ...OPENING,
    'client FIN,ACK lost',
    'server FIN,ACK lost',
    'client FIN,ACK seq 1 ack 1 +200 ms',
    'server ACK lost',
    'server FIN,ACK seq 1 +10 ms',
    'client ACK',
  ];
  t.deepEqual(statesAfter(lines).slice(3), [
    ['FIN-WAIT-1', 'ESTABLISHED'],
    ['FIN-WAIT-1', 'FIN-WAIT-1'],
    ['FIN-WAIT-1', 'CLOSING'],
    ['FIN-WAIT-1', 'CLOSING'],
    ['TIME-WAIT', 'CLOSING'],
    ['TIME-WAIT', 'TIME-WAIT'],
  ]);
});

test('SYNs that crossed open simultaneously', (t) => {
  const lines = ['client SYN', 'server SYN', 'client SYN,ACK seq 0', 'server SYN,ACK seq 0'];
  t.deepEqual(statesAfter(lines), [
    ['SYN-SENT', 'CLOSED'],
    ['SYN-RECEIVED', 'SYN-RECEIVED'],
    ['SYN-RECEIVED', 'ESTABLISHED'],
    ['ESTABLISHED', 'ESTABLISHED'],
  ]);
  t.deepEqual(anomalies(lines), []);
});

test('SYNs that gates held back open simultaneously', (t) => {
  const lines = [
    'client SYN lost',
    'server SYN lost',
    'client SYN seq 0 +1000 ms',
    'server SYN,ACK seq 0',
    'client ACK',
  ];
  t.deepEqual(statesAfter(lines), [
    ['SYN-SENT', 'CLOSED'],
    ['SYN-SENT', 'SYN-SENT'],
    ['SYN-SENT', 'SYN-RECEIVED'],
    ['ESTABLISHED', 'SYN-RECEIVED'],
    ['ESTABLISHED', 'ESTABLISHED'],
  ]);
  t.deepEqual(anomalies(lines), []);
});

test('a SYN,ACK that leaves data of the SYN unacknowledged did not cross it', (t) => {
  t.deepEqual(statesAfter(['client SYN len 10', 'server SYN,ACK ack 1', 'client ACK len 10 seq 1']), [
    ['SYN-SENT', 'SYN-RECEIVED'],
    ['ESTABLISHED', 'SYN-RECEIVED'],
    ['ESTABLISHED', 'ESTABLISHED'],
  ]);
});

test('who answers a SYN by a RST was CLOSED all the time', (t) => {
  t.deepEqual(statesAfter(['client SYN', 'server RST,ACK seq 0']), [
    ['SYN-SENT', 'CLOSED'],
    ['CLOSED', 'CLOSED'],
  ]);
});

test('a segment that a gate held does not move its receiver', (t) => {
  const [, , , fin, again] = connectionOf([
    ...OPENING,
    'client FIN,ACK lost',
    'client FIN,ACK seq 1',
  ]).segments;
  t.false(fin?.delivered);
  t.deepEqual(fin?.statesAfter, { client: 'FIN-WAIT-1', server: 'ESTABLISHED' });
  t.true(again?.retransmission);
  t.deepEqual(again?.statesAfter, { client: 'FIN-WAIT-1', server: 'CLOSE-WAIT' });
});

test('a FIN sent again in TIME-WAIT changes nothing', (t) => {
  const lines = [
    ...OPENING,
    ...CLOSING_BY_CLIENT.slice(0, 3),
    'client ACK lost',
    'server FIN,ACK seq 1',
    'client ACK',
  ];
  t.deepEqual(statesAfter(lines).slice(6), [
    ['TIME-WAIT', 'LAST-ACK'],
    ['TIME-WAIT', 'LAST-ACK'],
    ['TIME-WAIT', 'CLOSED'],
  ]);
});

test('a capture that begins inside a connection finds it established', (t) => {
  const lines = ['client ACK len 5', 'server ACK', ...CLOSING_BY_CLIENT];
  t.deepEqual(statesAfter(lines)[0], ['ESTABLISHED', 'ESTABLISHED']);
  t.deepEqual(statesAfter(lines).at(-1), ['TIME-WAIT', 'CLOSED']);
  t.deepEqual(anomalies(lines), []);
});

test('a capture that begins with the SYN,ACK still sees the opening', (t) => {
  const lines = ['client SYN unseen', 'server SYN,ACK', 'client ACK'];
  t.deepEqual(statesAfter(lines), [
    ['ESTABLISHED', 'SYN-RECEIVED'],
    ['ESTABLISHED', 'ESTABLISHED'],
  ]);
});

test('numbers are relative to the initial ones, and stay so when they wrap', (t) => {
  const lines = [...OPENING, 'client ACK len 10', 'server ACK len 20', ...CLOSING_BY_CLIENT];
  const initial = { client: 0xfffffffa, server: 0xfffffff0 };
  const { segments } = connectionOf(lines, { initial });
  t.deepEqual(
    segments.map(({ sequence, acknowledgment }) => [sequence, acknowledgment]),
    [
      [0, undefined],
      [0, 1],
      [1, 1],
      [1, 1],
      [1, 11],
      [11, 21],
      [21, 12],
      [21, 12],
      [12, 22],
    ],
  );
  t.is(segments.at(-1)?.statesAfter.client, 'TIME-WAIT');
});

test('a RST of an end that never sent anything keeps its number', (t) => {
  const { segments } = connectionOf(['client SYN', 'server RST,ACK seq 0'], {
    initial: { client: 7, server: 0 },
  });
  t.is(segments[1]?.sequence, 0);
  t.is(segments[1]?.acknowledgment, 1);
});
