import test from 'ava';
import type { ConnectionSummary } from '../../harness/model/connection.ts';
import { CLOSING_BY_CLIENT, connectionOf, OPENING, type RunOptions } from '../support/segment-script.ts';

function summaryOf(lines: readonly string[], options: RunOptions = {}): ConnectionSummary {
  return connectionOf(lines, options).summary;
}

const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];

test('closed: both FINs acknowledged', (t) => {
  const summary = summaryOf(CLOSED);
  t.is(summary.ending, 'closed');
  t.is(summary.opener, 'client');
  t.is(summary.firstCloser, 'client');
  t.is(summary.resetBy, undefined);
});

test('open: nobody closes', (t) => {
  t.like(summaryOf(OPENING), { ending: 'open', firstCloser: undefined, closeSegments: undefined });
});

test('open: only one end closes', (t) => {
  t.like(summaryOf(CLOSED.slice(0, 5)), { ending: 'open', firstCloser: 'client', closeSegments: undefined });
});

test('open: the last ACK never comes', (t) => {
  t.is(summaryOf(CLOSED.slice(0, 6)).ending, 'open');
});

test('open: the last ACK is never received', (t) => {
  t.is(summaryOf([...CLOSED.slice(0, 6), 'client ACK lost']).ending, 'open');
});

test('closed: the last ACK is lost, and comes again behind the FIN sent again', (t) => {
  const lines = [...CLOSED.slice(0, 6), 'client ACK lost', 'server FIN,ACK seq 1', 'client ACK'];
  t.like(summaryOf(lines), { ending: 'closed', closeSegments: 4, retransmissions: 1 });
});

test('reset: by either end', (t) => {
  t.like(summaryOf([...OPENING, 'server RST,ACK']), {
    ending: 'reset',
    resetBy: 'server',
    firstCloser: undefined,
  });
  t.like(summaryOf([...OPENING, 'client RST,ACK']), { ending: 'reset', resetBy: 'client' });
});

test('reset: behind a FIN', (t) => {
  const lines = [...OPENING, 'client FIN,ACK', 'server ACK len 5', 'client RST'];
  t.like(summaryOf(lines), { ending: 'reset', resetBy: 'client', firstCloser: 'client' });
});

test('reset: behind both FINs, when one was not acknowledged', (t) => {
  t.like(summaryOf([...CLOSED.slice(0, 6), 'client RST']), { ending: 'reset', resetBy: 'client' });
});

test('closed: a RST behind both acknowledged FINs ends nothing any more', (t) => {
  t.like(summaryOf([...CLOSED, 'client ACK', 'server RST']), { ending: 'closed', resetBy: undefined });
  t.is(summaryOf([...CLOSED, 'client ACK', 'server RST']).resetBy, undefined);
});

test('reset: an acknowledgement behind the RST closes nothing', (t) => {
  t.is(summaryOf([...CLOSED.slice(0, 6), 'server RST', 'client ACK']).ending, 'reset');
});

test('refused: the SYN is answered by a RST', (t) => {
  t.like(summaryOf(['client SYN', 'server RST,ACK seq 0']), { ending: 'refused', resetBy: 'server' });
});

test('open: a RST that does not acknowledge the SYN refuses nothing', (t) => {
  t.like(summaryOf(['client SYN', 'server RST seq 0']), { ending: 'open' });
});

test('unanswered: a RST that never reached the client refuses nothing yet', (t) => {
  t.is(summaryOf(['client SYN', 'server RST,ACK seq 0 lost']).ending, 'unanswered');
});

test('unanswered: SYNs and nothing back, and by ss whether the client is gone', (t) => {
  const lines = ['client SYN lost', 'client SYN seq 0 +1000 ms lost'];
  t.like(summaryOf(lines), { ending: 'unanswered', goneSilently: undefined });
  t.is(summaryOf(lines, { ss: [[1500, 'SYN-SENT', 'CLOSED']] }).goneSilently, undefined);
  const given = summaryOf(lines, {
    ss: [
      [1500, 'SYN-SENT', 'CLOSED'],
      [3000, 'CLOSED', 'CLOSED'],
    ],
  });
  t.like(given, { ending: 'unanswered' });
  t.deepEqual(given.goneSilently, ['client']);
});

test('abandoned: ss lists an end no more that no segment ended; asked too early, it does not say', (t) => {
  const lines = [...OPENING, 'server ACK len 5 lost'];
  const gone = summaryOf(lines, { ss: [[9, 'ESTABLISHED', 'CLOSED']] });
  t.is(gone.ending, 'abandoned');
  t.deepEqual(gone.goneSilently, ['server']);
  t.is(summaryOf(lines, { ss: [[9, 'ESTABLISHED', 'ESTABLISHED']] }).ending, 'open');
  t.is(summaryOf([...lines, 'client ACK +20 ms'], { ss: [[9, 'ESTABLISHED', 'CLOSED']] }).ending, 'open');
  t.is(summaryOf(lines).ending, 'open');
});

test('open: a RST for an old SYN,ACK resets nothing', (t) => {
  const lines = [
    'client SYN',
    'server SYN,ACK ack -50 lost',
    'server SYN,ACK seq 0 ack -50',
    'client RST seq -50',
  ];
  t.like(summaryOf(lines), { ending: 'open', resetBy: undefined });
});

test('reset, not refused: a RST in a connection that was there before the capture', (t) => {
  t.like(summaryOf(['client ACK len 1', 'server RST,ACK seq 0']), { ending: 'reset', resetBy: 'server' });
});

test('a close takes four segments, or three when the ACK rides on the second FIN', (t) => {
  t.is(summaryOf(CLOSED).closeSegments, 4);
  const three = summaryOf([...OPENING, 'client FIN,ACK', 'server FIN,ACK', 'client ACK']);
  t.is(three.closeSegments, 3);
  t.is(three.halfClosedNs, undefined);
});

test('what is sent again does not count to the close', (t) => {
  const lines = [...OPENING, 'client FIN,ACK lost', 'client FIN,ACK seq 1', ...CLOSING_BY_CLIENT.slice(1)];
  t.like(summaryOf(lines), { closeSegments: 4, retransmissions: 1 });
});

test('data between the FINs does not count to the close', (t) => {
  const lines = [
    ...OPENING,
    'client FIN,ACK',
    'server ACK',
    'server ACK len 9',
    'client ACK',
    'server FIN,ACK',
    'client ACK',
  ];
  t.is(summaryOf(lines).closeSegments, 4);
});

test('halfClosedNs is the time between the FINs', (t) => {
  const lines = [...OPENING, 'client FIN,ACK', 'server ACK', 'server FIN,ACK +40 ms', 'client ACK'];
  t.is(summaryOf(lines).halfClosedNs, 41_000_000n);
});

test('finAckNs is the time from the first FIN to its acknowledgement', (t) => {
  const lines = [...OPENING, 'client FIN,ACK len 5', 'server ACK +40 ms'];
  t.is(summaryOf(lines).finAckNs, 40_000_000n);
});

test('a duplicate ACK from before the FIN does not acknowledge it', (t) => {
  t.is(summaryOf([...OPENING, 'client FIN,ACK', 'server ACK ack 1']).finAckNs, undefined);
});

test('handshakeNs runs from the SYN to the client’s ACK', (t) => {
  t.is(summaryOf(OPENING).handshakeNs, 2_000_000n);
  t.is(summaryOf(OPENING.slice(0, 2)).handshakeNs, undefined);
  t.is(
    summaryOf(['client SYN lost', 'client SYN seq 0 +1000 ms', ...OPENING.slice(1)]).handshakeNs,
    1_002_000_000n,
  );
});

test('a handshake whose SYN,ACK or last ACK never arrives takes no time: it did not happen', (t) => {
  t.is(summaryOf(['client SYN', 'server SYN,ACK lost', 'client SYN,ACK seq 0 ack 1']).handshakeNs, undefined);
  t.is(summaryOf([...OPENING.slice(0, 2), 'client ACK lost']).handshakeNs, undefined);
});

test('bytesAfterFirstFin are the new octets of the other side that acknowledge the FIN', (t) => {
  const before = [...OPENING, 'server ACK len 100', 'client FIN,ACK', 'server ACK len 50 ack 1'];
  t.is(summaryOf(before).bytesAfterFirstFin, 0, 'sent before the FIN was received');
  const after = [...before, 'server ACK len 7', 'server ACK len 7 seq 151', 'server FIN,ACK len 3'];
  t.is(
    summaryOf(after).bytesAfterFirstFin,
    10,
    'what is sent again is not counted, what rides on the FIN is',
  );
});

test('payload is counted once, also when part of a segment was sent before', (t) => {
  const lines = [
    ...OPENING,
    'client ACK len 10',
    'client ACK len 30 seq 1',
    'client ACK len 10 seq 1',
    'server ACK len 4',
  ];
  t.deepEqual(summaryOf(lines).payloadBytes, { client: 30, server: 4 });
});

test('what rides on a RST is no payload', (t) => {
  t.deepEqual(summaryOf([...OPENING, 'server RST,ACK len 12']).payloadBytes, { client: 0, server: 0 });
});

test('a close is simultaneous when the FINs crossed', (t) => {
  const crossed = [...OPENING, 'client FIN,ACK', 'server FIN,ACK ack 1', 'client ACK', 'server ACK'];
  t.like(summaryOf(crossed), {
    simultaneousClose: true,
    ending: 'closed',
    closeSegments: 4,
    halfClosedNs: undefined,
  });
  t.false(summaryOf(CLOSED).simultaneousClose);
});

test('without a snapshot behind the last segment the table says who holds TIME-WAIT', (t) => {
  t.like(summaryOf(CLOSED), { timeWaitHolders: ['client'], timeWaitSource: 'wire' });
  const early = summaryOf(CLOSED, { ss: [[6.5, 'FIN-WAIT-2', 'LAST-ACK']] });
  t.like(early, { timeWaitHolders: ['client'], timeWaitSource: 'wire' });
});

test('a snapshot that began before the last segment does not say who holds TIME-WAIT', (t) => {
  t.is(summaryOf(CLOSED, { ss: [[6.9, 'FIN-WAIT-2', 'LAST-ACK']] }).timeWaitSource, 'wire');
});

test('a snapshot behind the last segment says who holds TIME-WAIT, whatever the table says', (t) => {
  const client = summaryOf(CLOSED, { ss: [[8, 'TIME-WAIT', 'CLOSED']] });
  t.like(client, { timeWaitHolders: ['client'], timeWaitSource: 'kernel' });
  const nobody = summaryOf(CLOSED, { ss: [[8, 'CLOSED', 'CLOSED']] });
  t.like(nobody, { timeWaitHolders: [], timeWaitSource: 'kernel' });
});

test('both ends hold TIME-WAIT after a simultaneous close', (t) => {
  const crossed = [...OPENING, 'client FIN,ACK', 'server FIN,ACK ack 1', 'client ACK', 'server ACK'];
  t.deepEqual(summaryOf(crossed).timeWaitHolders, ['client', 'server']);
});

test('a summary is the same where the numbers wrap', (t) => {
  const lines = [
    ...OPENING,
    'client ACK len 100',
    'client FIN,ACK',
    'server ACK len 100',
    'server FIN,ACK',
    'client ACK',
  ];
  const plain = summaryOf(lines);
  for (const client of [0xffffffff, 0xfffffff0, 0xffffff9b, 0xffffff9a]) {
    t.deepEqual(summaryOf(lines, { initial: { client, server: client } }), plain);
  }
});
