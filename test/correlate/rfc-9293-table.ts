/** RFC 9293 §3.3.2 Figure 5 and §3.10, arrow by arrow, as one endpoint meets them. */
import test from 'ava';
import { TCP_STATES, type TcpState } from '../../harness/model/tcp-state.ts';
import { endpointIn } from './_endpoint-in.ts';

/** Initial sequence numbers; with the others a number wraps around 2³² on the way through every state. */
const INITIAL = [
  { client: 1000, server: 5000 },
  { client: 0xffffffff, server: 0xfffffffe },
  { client: 0xfffffffe, server: 0xffffffff },
  { client: 0x7fffffff, server: 0x80000000 },
];

test('the way into each state leads there, with nothing to object', (t) => {
  for (const state of TCP_STATES) {
    for (const initial of INITIAL) {
      const { state: reached, anomalies } = endpointIn(state, [], initial);
      t.is(reached, state);
      t.deepEqual(anomalies, []);
    }
  }
});

type Arrow = readonly [from: TcpState, event: string, lines: readonly string[], to: TcpState];

/** Every arrow that a segment causes. */
const ARROWS: readonly Arrow[] = [
  ['CLOSED', 'our SYN', ['we SYN'], 'SYN-SENT'],
  ['LISTEN', 'SYN', ['peer SYN'], 'SYN-RECEIVED'],
  ['LISTEN', 'our SYN', ['we SYN'], 'SYN-SENT'],
  ['SYN-SENT', 'SYN,ACK of our SYN', ['peer SYN,ACK'], 'ESTABLISHED'],
  ['SYN-SENT', 'SYN (simultaneous open)', ['peer SYN'], 'SYN-RECEIVED'],
  ['SYN-SENT', 'RST that acknowledges our SYN', ['peer RST,ACK seq 0'], 'CLOSED'],
  ['SYN-SENT', 'our RST', ['we RST'], 'CLOSED'],
  ['SYN-RECEIVED', 'ACK of our SYN', ['peer ACK'], 'ESTABLISHED'],
  ['SYN-RECEIVED', 'data that acknowledges our SYN', ['peer PSH,ACK len 10'], 'ESTABLISHED'],
  ['SYN-RECEIVED', 'FIN that acknowledges our SYN', ['peer FIN,ACK'], 'CLOSE-WAIT'],
  ['SYN-RECEIVED', 'our FIN', ['we FIN,ACK'], 'FIN-WAIT-1'],
  ['SYN-RECEIVED', 'our FIN, then ACK of it', ['we FIN,ACK', 'peer ACK'], 'FIN-WAIT-2'],
  ['ESTABLISHED', 'our FIN', ['we FIN,ACK'], 'FIN-WAIT-1'],
  ['ESTABLISHED', 'our FIN behind data', ['we FIN,PSH,ACK len 10'], 'FIN-WAIT-1'],
  ['ESTABLISHED', 'FIN', ['peer FIN,ACK'], 'CLOSE-WAIT'],
  ['ESTABLISHED', 'FIN behind data', ['peer FIN,PSH,ACK len 10'], 'CLOSE-WAIT'],
  ['ESTABLISHED', 'FIN with only old acknowledged', ['we ACK len 10', 'peer FIN,ACK ack 1'], 'CLOSE-WAIT'],
  ['FIN-WAIT-1', 'ACK of our FIN', ['peer ACK'], 'FIN-WAIT-2'],
  ['FIN-WAIT-1', 'data that acknowledges our FIN', ['peer ACK len 10'], 'FIN-WAIT-2'],
  ['FIN-WAIT-1', 'FIN without ACK of our FIN', ['peer FIN,ACK ack 1'], 'CLOSING'],
  ['FIN-WAIT-1', 'FIN with ACK of our FIN', ['peer FIN,ACK'], 'TIME-WAIT'],
  ['FIN-WAIT-2', 'FIN', ['peer FIN,ACK'], 'TIME-WAIT'],
  ['FIN-WAIT-2', 'FIN behind data', ['peer FIN,ACK len 10'], 'TIME-WAIT'],
  ['CLOSING', 'ACK of our FIN', ['peer ACK'], 'TIME-WAIT'],
  ['CLOSING', 'FIN again, with ACK of our FIN', ['peer FIN,ACK seq 1'], 'TIME-WAIT'],
  ['CLOSE-WAIT', 'our FIN', ['we FIN,ACK'], 'LAST-ACK'],
  ['CLOSE-WAIT', 'our FIN behind data', ['we FIN,ACK len 10'], 'LAST-ACK'],
  ['LAST-ACK', 'ACK of our FIN', ['peer ACK'], 'CLOSED'],
];

/** What must move nothing. */
const STAYS: readonly Arrow[] = [
  ['CLOSED', 'SYN', ['peer SYN'], 'CLOSED'],
  ['CLOSED', 'SYN, and our RST for it', ['peer SYN', 'we RST,ACK seq 0'], 'CLOSED'],
  ['CLOSED', 'RST', ['peer RST'], 'CLOSED'],
  ['LISTEN', 'RST', ['peer RST'], 'LISTEN'],
  ['LISTEN', 'our RST for what belongs to no connection', ['we RST'], 'LISTEN'],
  ['SYN-SENT', 'our SYN again', ['we SYN seq 0'], 'SYN-SENT'],
  ['SYN-RECEIVED', 'our SYN,ACK again', ['we SYN,ACK seq 0'], 'SYN-RECEIVED'],
  ['SYN-RECEIVED', 'SYN again', ['peer SYN seq 0'], 'SYN-RECEIVED'],
  ['ESTABLISHED', 'SYN,ACK again', ['peer SYN,ACK seq 0'], 'ESTABLISHED'],
  ['ESTABLISHED', 'data both ways', ['we ACK len 9', 'peer ACK len 9', 'we ACK'], 'ESTABLISHED'],
  ['ESTABLISHED', 'a keep-alive and its answer', ['peer ACK seq 0', 'we ACK'], 'ESTABLISHED'],
  ['FIN-WAIT-1', 'our FIN again', ['we FIN,ACK seq 1'], 'FIN-WAIT-1'],
  ['FIN-WAIT-1', 'data without ACK of our FIN', ['peer ACK len 10 ack 1'], 'FIN-WAIT-1'],
  ['FIN-WAIT-2', 'data', ['peer ACK len 10', 'we ACK'], 'FIN-WAIT-2'],
  ['FIN-WAIT-2', 'ACK of our FIN again', ['peer ACK'], 'FIN-WAIT-2'],
  ['CLOSING', 'FIN again, without ACK of our FIN', ['peer FIN,ACK seq 1 ack 1'], 'CLOSING'],
  ['CLOSE-WAIT', 'our data', ['we ACK len 10', 'peer ACK'], 'CLOSE-WAIT'],
  ['CLOSE-WAIT', 'FIN again', ['peer FIN,ACK seq 1', 'we ACK'], 'CLOSE-WAIT'],
  ['LAST-ACK', 'FIN again', ['peer FIN,ACK seq 1 ack 1', 'we FIN,ACK seq 1'], 'LAST-ACK'],
  ['TIME-WAIT', 'FIN again', ['peer FIN,ACK seq 1', 'we ACK'], 'TIME-WAIT'],
];

for (const [from, event, lines, to] of [...ARROWS, ...STAYS]) {
  test(`${from} + ${event} → ${to}`, (t) => {
    for (const initial of INITIAL) {
      const { state, anomalies } = endpointIn(from, lines, initial);
      t.is(state, to);
      t.deepEqual(anomalies, []);
    }
  });
}

type Refusal = readonly [...Arrow, anomaly: string];

/** What RFC 9293 drops, and what no end should send: recorded, with the state that follows. */
const REFUSALS: readonly Refusal[] = [
  ['CLOSED', 'FIN', ['peer FIN,ACK'], 'CLOSED', 'segment to a closed end'],
  ['CLOSED', 'our data', ['we ACK len 1'], 'CLOSED', 'data before established'],
  ['LISTEN', 'ACK', ['peer ACK'], 'LISTEN', 'acknowledgement of nothing that was sent'],
  ['LISTEN', 'FIN without ACK', ['peer FIN'], 'LISTEN', 'segment without SYN in LISTEN'],
  ['LISTEN', 'SYN with FIN', ['peer SYN,FIN'], 'LISTEN', 'SYN with FIN'],
  ['SYN-SENT', 'RST without ACK', ['peer RST'], 'SYN-SENT', 'RST that does not acknowledge the SYN'],
  [
    'SYN-SENT',
    'RST with ACK of nothing',
    ['peer RST,ACK ack 0'],
    'SYN-SENT',
    'RST that does not acknowledge the SYN',
  ],
  [
    'SYN-SENT',
    'RST with ACK of unsent',
    ['peer RST,ACK ack 2'],
    'SYN-SENT',
    'RST that does not acknowledge the SYN',
  ],
  [
    'SYN-SENT',
    'SYN,ACK of nothing',
    ['peer SYN,ACK ack 0'],
    'SYN-SENT',
    'SYN,ACK that does not acknowledge the SYN',
  ],
  [
    'SYN-SENT',
    'SYN,ACK of unsent',
    ['peer SYN,ACK ack 2'],
    'SYN-SENT',
    'SYN,ACK that does not acknowledge the SYN',
  ],
  ['SYN-SENT', 'data', ['peer ACK len 10'], 'SYN-SENT', 'segment without SYN in SYN-SENT'],
  ['SYN-SENT', 'our FIN', ['we FIN,ACK'], 'SYN-SENT', 'send FIN in SYN-SENT'],
  [
    'SYN-RECEIVED',
    'ACK of unsent',
    ['peer ACK ack 2'],
    'SYN-RECEIVED',
    'acknowledgement of octets never sent',
  ],
  [
    'SYN-RECEIVED',
    'ACK of nothing',
    ['peer ACK ack 0'],
    'SYN-RECEIVED',
    'acknowledgement of nothing that was sent',
  ],
  ['SYN-RECEIVED', 'RST out of sequence', ['peer RST seq 9'], 'SYN-RECEIVED', 'RST out of sequence'],
  ['ESTABLISHED', 'FIN without ACK', ['peer FIN'], 'ESTABLISHED', 'segment without ACK'],
  [
    'ESTABLISHED',
    'FIN with ACK of unsent',
    ['peer FIN,ACK ack 2'],
    'ESTABLISHED',
    'acknowledgement of octets never sent',
  ],
  ['ESTABLISHED', 'SYN of another number', ['peer SYN seq 7'], 'ESTABLISHED', 'SYN inside the connection'],
  ['ESTABLISHED', 'RST ahead of the next octet', ['peer RST seq 2'], 'ESTABLISHED', 'RST out of sequence'],
  ['ESTABLISHED', 'RST behind the next octet', ['peer RST seq 0'], 'ESTABLISHED', 'RST out of sequence'],
  ['FIN-WAIT-1', 'our data', ['we ACK len 10'], 'FIN-WAIT-1', 'data after its own FIN'],
  ['FIN-WAIT-1', 'ACK of unsent', ['peer ACK ack 3'], 'FIN-WAIT-1', 'acknowledgement of octets never sent'],
  ['FIN-WAIT-2', 'our data', ['we ACK len 10'], 'FIN-WAIT-2', 'data after its own FIN'],
  ['FIN-WAIT-2', 'RST ahead of the next octet', ['peer RST seq 2'], 'FIN-WAIT-2', 'RST out of sequence'],
  ['LAST-ACK', 'ACK of unsent', ['peer ACK ack 3'], 'LAST-ACK', 'acknowledgement of octets never sent'],
  ['TIME-WAIT', 'our data', ['we ACK len 10'], 'TIME-WAIT', 'data after its own FIN'],
  ['TIME-WAIT', 'RST out of sequence', ['peer RST seq 7'], 'TIME-WAIT', 'RST out of sequence'],
];

for (const [from, event, lines, to, anomaly] of REFUSALS) {
  test(`${from} + ${event} → ${to}, as an anomaly`, (t) => {
    for (const initial of INITIAL) {
      const { state, anomalies } = endpointIn(from, lines, initial);
      t.is(state, to);
      t.deepEqual(anomalies, [anomaly]);
    }
  });
}

for (const from of TCP_STATES) {
  if (from === 'CLOSED' || from === 'LISTEN' || from === 'SYN-SENT') continue;
  test(`${from} + RST → CLOSED`, (t) => {
    for (const initial of INITIAL) t.is(endpointIn(from, ['peer RST'], initial).state, 'CLOSED');
  });
  test(`${from} + our RST → CLOSED`, (t) => {
    for (const initial of INITIAL) t.is(endpointIn(from, ['we RST,ACK'], initial).state, 'CLOSED');
  });
}
