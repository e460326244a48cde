import test from 'ava';
import { HISTORY_CAPACITY } from '../../harness/correlate/zeek-history.ts';
import { Packet } from '../../harness/model/packet.ts';
import { Conversation, HANDSHAKE, type PacketStep, type Ports } from '../support/zeek.ts';

interface Story {
  readonly title: string;
  readonly ports?: Ports;
  readonly steps: readonly PacketStep[];
  readonly connState: string;
  readonly history: string;
}

const REQUEST: readonly PacketStep[] = [
  { flags: 'ACK', bytes: 100 },
  { from: 'b', flags: 'ACK' },
];

const CLOSE: readonly PacketStep[] = [
  { flags: 'FIN,ACK' },
  { from: 'b', flags: 'FIN,ACK' },
  { flags: 'ACK' },
];

const STORIES: readonly Story[] = [
  { title: 'a SYN and nothing back', steps: [{ flags: 'SYN' }], connState: 'S0', history: 'S' },
  {
    title: 'a SYN sent again counts once',
    steps: [{ flags: 'SYN' }, { flags: 'SYN', at: 0, time: 1 }],
    connState: 'S0',
    history: 'S',
  },
  {
    title: 'refused',
    steps: [{ flags: 'SYN' }, { from: 'b', flags: 'RST,ACK' }],
    connState: 'REJ',
    history: 'Sr',
  },
  {
    title: 'the originator resets its own SYN',
    steps: [{ flags: 'SYN' }, { flags: 'RST' }],
    connState: 'RSTOS0',
    history: 'SR',
  },
  {
    title: 'established and still open',
    steps: [...HANDSHAKE, ...REQUEST],
    connState: 'S1',
    history: 'ShADa',
  },
  {
    title: 'an orderly close',
    steps: [...HANDSHAKE, ...REQUEST, ...CLOSE],
    connState: 'SF',
    history: 'ShADaFf',
  },
  {
    title: 'a RST after both FINs stays an orderly close',
    steps: [...HANDSHAKE, ...CLOSE, { from: 'b', flags: 'RST' }],
    connState: 'SF',
    history: 'ShAFfr',
  },
  {
    title: 'half closed by the originator',
    steps: [...HANDSHAKE, { flags: 'FIN,ACK' }, { from: 'b', flags: 'ACK' }],
    connState: 'S2',
    history: 'ShAFa',
  },
  {
    title: 'half closed by the responder',
    steps: [...HANDSHAKE, { from: 'b', flags: 'FIN,ACK' }, { flags: 'ACK' }],
    connState: 'S3',
    history: 'ShAf',
  },
  {
    title: 'reset by the originator',
    steps: [...HANDSHAKE, ...REQUEST, { flags: 'RST,ACK' }],
    connState: 'RSTO',
    history: 'ShADaR',
  },
  {
    title: 'reset by the responder',
    steps: [...HANDSHAKE, ...REQUEST, { from: 'b', flags: 'RST' }],
    connState: 'RSTR',
    history: 'ShADar',
  },
  {
    title: 'a SYN and a FIN, and no answer',
    steps: [{ flags: 'SYN' }, { flags: 'FIN' }],
    connState: 'SH',
    history: 'SF',
  },
  {
    title: 'a RST out of the blue',
    steps: [{ flags: 'RST' }],
    connState: 'OTH',
    history: 'R',
  },
  {
    title: 'data from the middle, both ways',
    steps: [
      { flags: 'ACK', bytes: 10, at: 500, acks: 900 },
      { from: 'b', flags: 'ACK', bytes: 10, at: 900, acks: 510 },
    ],
    connState: 'OTH',
    history: 'Dd',
  },
  {
    title: 'from a likely server’s port in the middle: flipped',
    ports: { a: 443, b: 40_000 },
    steps: [{ flags: 'ACK', bytes: 10, at: 500, acks: 900 }],
    connState: 'OTH',
    history: '^d',
  },
  {
    title: 'of two likely servers the lower port is one',
    ports: { a: 80, b: 8080 },
    steps: [{ flags: 'ACK', bytes: 10, at: 500, acks: 900 }],
    connState: 'OTH',
    history: '^d',
  },
  {
    title: 'of two likely servers the higher port is none',
    ports: { a: 8080, b: 80 },
    steps: [{ flags: 'ACK', bytes: 10, at: 500, acks: 900 }],
    connState: 'OTH',
    history: 'D',
  },
  {
    title: 'a lone SYN,ACK may be a scan',
    steps: [{ flags: 'SYN,ACK', acks: 1 }],
    connState: 'OTH',
    history: 'H',
  },
  {
    title: 'a SYN,ACK that is followed by an ACK was none: flipped',
    steps: [
      { flags: 'SYN,ACK', acks: 1 },
      { from: 'b', flags: 'ACK', at: 1 },
    ],
    connState: 'S1',
    history: '^hA',
  },
  {
    title: 'the responder’s half alone, flipped at its first data',
    steps: [
      { flags: 'SYN,ACK', acks: 1 },
      { flags: 'ACK', bytes: 10, acks: 50 },
      { flags: 'FIN,ACK', acks: 50 },
    ],
    connState: 'SHR',
    history: '^hdf',
  },
  {
    title: 'a SYN captured after its SYN,ACK: put in order',
    steps: [
      { flags: 'SYN,ACK', acks: 1 },
      { from: 'b', flags: 'SYN', at: 0 },
      { from: 'b', flags: 'ACK' },
    ],
    connState: 'S1',
    history: 'Hs^A',
  },
  {
    title: 'SYN with RST, then FIN with RST',
    steps: [{ flags: 'SYN,RST' }, { flags: 'FIN,RST', at: 1 }],
    connState: 'OTH',
    history: 'QI',
  },
  {
    title: 'data on a FIN is a FIN',
    steps: [...HANDSHAKE, { flags: 'FIN,ACK', bytes: 50 }, { from: 'b', flags: 'ACK' }],
    connState: 'S2',
    history: 'ShAFa',
  },
  {
    title: 'a FIN at another sequence number is another FIN',
    steps: [
      ...HANDSHAKE,
      { flags: 'FIN,ACK' },
      { flags: 'FIN,ACK', at: 1 },
      { flags: 'FIN,ACK', bytes: 5, at: 2 },
    ],
    connState: 'S2',
    history: 'ShAFF',
  },
  {
    title: 'a zero window says so, but not from who resets nor to who has finished',
    steps: [
      ...HANDSHAKE,
      { from: 'b', flags: 'ACK', window: 0 },
      { from: 'b', flags: 'RST', window: 0 },
      { from: 'b', flags: 'ACK', window: 0 },
    ],
    connState: 'RSTR',
    history: 'ShAawr',
  },
  {
    title: 'a wrong checksum is noted, and the segment does not count',
    steps: [...HANDSHAKE, { flags: 'FIN,ACK', checksum: 0 }],
    connState: 'S1',
    history: 'ShAC',
  },
];

for (const { title, ports, steps, connState, history } of STORIES) {
  test(`${title} → ${connState}, ${history}`, (t) => {
    const summary = new Conversation(ports).see(...steps).summary();
    t.deepEqual([summary.connState, summary.history], [connState, history]);
  });
}

test('retransmissions are written at the first, tenth and hundredth', (t) => {
  const conversation = new Conversation().see(...HANDSHAKE, { flags: 'ACK', bytes: 10 });
  const again: PacketStep = { flags: 'ACK', bytes: 10, at: 1 };
  const historyAfter = (count: number): string => {
    for (let sent = 0; sent < count; sent += 1) conversation.see(again);
    return conversation.summary().history;
  };
  t.is(historyAfter(9), 'ShADT');
  t.is(historyAfter(1), 'ShADTT');
  t.is(historyAfter(89), 'ShADTT');
  t.is(historyAfter(1), 'ShADTTT');
});

test('octets that were acknowledged and never seen are a gap', (t) => {
  const summary = new Conversation()
    .see(...HANDSHAKE)
    .see({ flags: 'ACK', bytes: 100 }, { flags: 'ACK', bytes: 100, at: 301 }, { from: 'b', flags: 'ACK' })
    .summary();
  t.is(summary.missedBytes, 200);
  t.is(summary.history, 'ShADaG');
  t.is(summary.origBytes, 400);
});

test('data that fill a hole before they are acknowledged leave no gap', (t) => {
  const { missedBytes, history } = new Conversation()
    .see(...HANDSHAKE)
    .see({ flags: 'ACK', bytes: 100, at: 101 }, { flags: 'ACK', bytes: 100, at: 301 })
    .see({ flags: 'ACK', bytes: 100, at: 201 }, { flags: 'ACK', bytes: 100, at: 1 })
    .see({ from: 'b', flags: 'ACK' })
    .summary();
  t.is(missedBytes, 0);
  t.is(history, 'ShADTa');
});

test('a connection joined halfway has no gaps', (t) => {
  const { missedBytes } = new Conversation()
    .see({ flags: 'ACK', bytes: 10, at: 500, acks: 900 })
    .see({ from: 'b', flags: 'ACK', at: 900, acks: 800 })
    .summary();
  t.is(missedBytes, 0);
});

test('payload is counted by sequence numbers, packets as they came', (t) => {
  const summary = new Conversation()
    .see(...HANDSHAKE, ...REQUEST, { flags: 'ACK', bytes: 100, at: 1 }, ...CLOSE)
    .summary();
  t.is(summary.origBytes, 100);
  t.is(summary.respBytes, 0);
  t.deepEqual([summary.origPkts, summary.origIpBytes], [6, 6 * 40 + 200]);
  t.deepEqual([summary.respPkts, summary.respIpBytes], [3, 3 * 40]);
});

test('an offloaded packet, whose IP length is 0, adds a packet and no octets', (t) => {
  const conversation = new Conversation().see(...HANDSHAKE);
  const packet = conversation.packet({ flags: 'ACK', bytes: 5000 });
  packet.ipLengthIsZero = 1;
  conversation.zeek.see(packet, 0, 1);
  const { origPkts, origIpBytes, origBytes } = conversation.summary();
  t.deepEqual([origPkts, origIpBytes, origBytes], [3, 80, 5000]);
});

test('the duration ends with the last packet before both ends had closed', (t) => {
  const conversation = new Conversation().see(...HANDSHAKE, ...CLOSE);
  t.is(conversation.summary().duration?.toFixed(6), '0.004000');
  conversation.see({ flags: 'ACK', time: 3 });
  t.is(conversation.summary().duration?.toFixed(6), '0.004000');
});

test('a single packet has no duration and no byte counts', (t) => {
  const { duration, origBytes, respBytes, origPkts } = new Conversation().see({ flags: 'SYN' }).summary();
  t.deepEqual([duration, origBytes, respBytes, origPkts], [undefined, undefined, undefined, 1]);
});

test('more than 4 GB are counted', (t) => {
  const conversation = new Conversation().see(...HANDSHAKE);
  const step = 0x4000_0000;
  for (let sent = 0; sent < 6; sent += 1) {
    conversation.see({ flags: 'ACK', bytes: 100, at: 1 + sent * step });
    conversation.see({ from: 'b', flags: 'ACK' });
  }
  const { origBytes, missedBytes } = conversation.summary();
  t.is(origBytes, 5 * step + 100);
  t.is(missedBytes, 5 * (step - 100));
});

test('after reset() the next connection is told as by a new instance', (t) => {
  const used = new Conversation({ a: 443 }).see(
    { flags: 'SYN,ACK', window: 0, acks: 1 },
    { flags: 'ACK', bytes: 10, at: 50, acks: 9 },
    { from: 'b', flags: 'RST', checksum: 0 },
  );
  used.zeek.reset();
  const fresh = new Conversation();
  for (const [index, step] of [...HANDSHAKE, ...REQUEST, ...CLOSE].entries()) {
    const packet = fresh.packet(step);
    for (const zeek of [used.zeek, fresh.zeek]) zeek.see(packet, step.from === 'b' ? 1 : 0, index);
  }
  t.deepEqual(used.summary(), fresh.summary());
});

test('no storm of segments makes a history grow without bound', (t) => {
  const conversation = new Conversation().see(...HANDSHAKE);
  for (let sent = 0; sent < 1000; sent += 1) conversation.see({ flags: 'RST', at: 5000 + sent });
  const { history } = conversation.summary();
  t.is(history.length, HISTORY_CAPACITY);
  t.true(history.startsWith('ShARRR'));
});

test('a packet of any numbers is taken', (t) => {
  const conversation = new Conversation();
  const packet = new Packet();
  let state = 12_345;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state;
  };
  for (let sent = 0; sent < 20_000; sent += 1) {
    packet.flags = (next() >>> 8) & 0x1ff;
    packet.sequenceNumber = next();
    packet.acknowledgmentNumber = next();
    packet.payloadBytes = (next() >>> 8) % 1500;
    packet.window = (next() >>> 8) & 1;
    conversation.zeek.see(packet, (next() >>> 9) % 2 === 0 ? 0 : 1, sent / 1000);
  }
  const summary = conversation.summary();
  t.is(summary.origPkts + summary.respPkts, 20_000);
  t.true(summary.missedBytes >= 0 && (summary.origBytes ?? -1) >= 0 && (summary.respBytes ?? -1) >= 0);
});
