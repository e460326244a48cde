import test from 'ava';
import { EndpointTracker } from '../../harness/correlate/endpoint-tracker.ts';
import { script } from '../support/segment-script.ts';
import { endpointIn, follow } from './_endpoint-in.ts';

test('in a simultaneous open the SYN,ACK that acknowledges our SYN establishes', (t) => {
  const { state, anomalies } = follow('CLOSED', [
    'we SYN',
    'peer SYN',
    'we SYN,ACK seq 0',
    'peer SYN,ACK seq 0',
  ]);
  t.is(state, 'ESTABLISHED');
  t.deepEqual(anomalies, []);
});

test('in a simultaneous open an ACK of our SYN establishes too', (t) => {
  t.is(follow('CLOSED', ['we SYN', 'peer SYN', 'we SYN,ACK seq 0', 'peer ACK']).state, 'ESTABLISHED');
});

test('in a simultaneous open a SYN,ACK of nothing does not establish', (t) => {
  const lines = ['we SYN', 'peer SYN', 'we SYN,ACK seq 0', 'peer SYN,ACK seq 0 ack 0'];
  t.is(follow('CLOSED', lines).state, 'SYN-RECEIVED');
});

test('a FIN ahead of missing data counts once the data has come', (t) => {
  const lines = ['peer FIN,ACK len 10 seq 11', 'we ACK'];
  t.is(endpointIn('ESTABLISHED', lines).state, 'ESTABLISHED');
  t.is(endpointIn('ESTABLISHED', [...lines, 'peer ACK len 10 seq 1']).state, 'CLOSE-WAIT');
});

test('a FIN ahead of two gaps counts when the last gap closes', (t) => {
  const ahead = ['peer FIN,ACK seq 31', 'peer ACK len 10 seq 11', 'peer ACK len 10 seq 1'];
  t.is(endpointIn('FIN-WAIT-2', ahead).state, 'FIN-WAIT-2');
  t.is(endpointIn('FIN-WAIT-2', [...ahead, 'peer ACK len 10 seq 21']).state, 'TIME-WAIT');
});

test('data that comes again together with data behind a gap closes the gap', (t) => {
  const lines = ['peer ACK len 10 seq 1', 'peer FIN,ACK seq 21', 'peer ACK len 20 seq 1'];
  t.is(endpointIn('ESTABLISHED', lines).state, 'CLOSE-WAIT');
});

test('a FIN out of order that acknowledges our FIN does so at once', (t) => {
  t.is(endpointIn('FIN-WAIT-1', ['peer FIN,ACK seq 11']).state, 'FIN-WAIT-2');
});

test('a FIN ahead and the data before it, which acknowledges ours, lead to TIME-WAIT', (t) => {
  const lines = ['peer FIN,ACK seq 11 ack 1', 'peer ACK len 10 seq 1'];
  t.is(endpointIn('FIN-WAIT-1', lines).state, 'TIME-WAIT');
});

test('data behind the FIN is not received', (t) => {
  const lines = ['peer ACK len 10 seq 2', 'peer FIN,ACK seq 12'];
  t.is(endpointIn('CLOSE-WAIT', lines).state, 'CLOSE-WAIT');
});

test('a stray FIN far ahead does not hide the true one', (t) => {
  t.is(endpointIn('ESTABLISHED', ['peer FIN,ACK seq 9000', 'peer FIN,ACK seq 1']).state, 'CLOSE-WAIT');
});

test('data and FIN sent again with new data is not a retransmission', (t) => {
  const lines = ['we ACK len 10 seq 1', 'we FIN,ACK len 20 seq 1'];
  const { retransmission, state } = endpointIn('ESTABLISHED', lines);
  t.false(retransmission);
  t.is(state, 'FIN-WAIT-1');
});

test('a segment is a retransmission when all that it takes was sent before', (t) => {
  t.true(endpointIn('ESTABLISHED', ['we ACK len 10 seq 1', 'we ACK len 4 seq 3']).retransmission);
  t.false(endpointIn('ESTABLISHED', ['we ACK len 10 seq 1', 'we ACK']).retransmission);
});

test('the RST that answers a SYN,ACK of nothing leaves SYN-SENT', (t) => {
  // <SEQ=SEG.ACK><CTL=RST>, RFC 9293 §3.10.7.3: recovery from an old duplicate SYN, Figure 9
  const lines = ['peer SYN,ACK ack -50', 'we RST seq -50'];
  t.is(endpointIn('SYN-SENT', lines).state, 'SYN-SENT');
  t.is(endpointIn('SYN-SENT', [...lines, 'peer SYN,ACK seq 0', 'we ACK']).state, 'ESTABLISHED');
});

test('what an end sent before its SYN does not count to its numbers', (t) => {
  const tracker = new EndpointTracker('LISTEN');
  const [challenge] = script(['server ACK'], { initial: { client: 0, server: 900_000 } });
  const [syn, synAck, ack] = script(['client SYN', 'server SYN,ACK', 'client ACK']);
  if (!challenge || !syn || !synAck || !ack) return t.fail();
  tracker.trackSent(challenge, []);
  tracker.trackReceived(syn, []);
  tracker.trackSent(synAck, []);
  tracker.trackReceived(ack, []);
  t.is(tracker.relative(synAck.sequenceNumber), 0);
  t.is(tracker.state, 'ESTABLISHED');
});

test('a RST is believed that has the number of the taken FIN, or of the end of what came ahead', (t) => {
  // as Linux does: tcp_reset_check() and tcp_validate_incoming()
  t.is(endpointIn('CLOSE-WAIT', ['peer RST seq 1']).state, 'CLOSED');
  t.is(endpointIn('ESTABLISHED', ['peer ACK len 10 seq 11', 'peer RST seq 21']).state, 'CLOSED');
  t.is(endpointIn('ESTABLISHED', ['peer ACK len 10 seq 11', 'peer RST seq 20']).state, 'ESTABLISHED');
});

test('an ACK from behind what was received is not read', (t) => {
  // Linux stays in LAST-ACK here and answers by an ACK, as the corpus's fbsd_closed-via-last-ack shows.
  t.is(endpointIn('LAST-ACK', ['peer ACK seq 1']).state, 'LAST-ACK');
  t.is(endpointIn('LAST-ACK', ['peer ACK seq 1', 'we ACK', 'peer ACK seq 2']).state, 'CLOSED');
});

test('an ACK from behind what was received is read while that was not acknowledged', (t) => {
  const unacknowledged = ['we FIN,ACK', 'peer ACK len 10 ack 1', 'peer ACK seq 1'];
  t.is(endpointIn('ESTABLISHED', unacknowledged).state, 'FIN-WAIT-2');
});

test('data on a SYN is received only if the SYN,ACK acknowledges it', (t) => {
  const opening = ['peer SYN len 10', 'we SYN,ACK ack 1', 'peer ACK seq 1'];
  t.is(follow('LISTEN', [...opening, 'peer RST seq 11']).state, 'ESTABLISHED');
  t.is(follow('LISTEN', [...opening, 'peer RST seq 1']).state, 'CLOSED');
  t.is(follow('LISTEN', ['peer SYN len 10', 'we SYN,ACK', 'peer ACK', 'peer RST seq 11']).state, 'CLOSED');
});

test('a segment behind our own RST is an anomaly', (t) => {
  const { anomalies } = endpointIn('ESTABLISHED', ['we RST,ACK', 'we ACK len 5']);
  t.deepEqual(anomalies, ['data after its own RST']);
});

test('numbers stay relative to the first beyond 4 GiB', (t) => {
  const tracker = new EndpointTracker('ESTABLISHED');
  const step = 1_000_000_000;
  let sequenceNumber = 0xfffffff0;
  for (let sent = 0; sent < 6; sent++) {
    tracker.trackSent({ flags: 0x10, sequenceNumber, acknowledgmentNumber: 0, payloadBytes: step }, []);
    t.is(tracker.relative(sequenceNumber), sent * step);
    sequenceNumber = (sequenceNumber + step) >>> 0;
  }
});
