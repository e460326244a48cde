import test from 'ava';
import { Analysis, WiresharkStream } from '../../harness/correlate/wireshark-stream.ts';
import { Exchange } from './_wireshark-exchange.ts';

test('a handshake, data both ways and an orderly close have no flags and completeness 31', (t) => {
  const exchange = Exchange.established();
  t.is(exchange.client({ bytes: 10 }), '');
  t.is(exchange.server({ bytes: 20 }), '');
  t.is(exchange.client({ flags: 'FIN,ACK' }), '');
  t.is(exchange.server({ flags: 'FIN,ACK' }), '');
  t.is(exchange.client(), '');
  t.is(exchange.stream.completeness, 31);
  t.is(exchange.stream.count(0, Analysis.RETRANSMISSION), 0);
});

test('a refused connection has completeness 37: the RST,ACK counts as an ACK too', (t) => {
  const exchange = new Exchange();
  exchange.client({ flags: 'SYN' });
  exchange.server({ flags: 'RST,ACK' });
  t.is(exchange.stream.completeness, 37);
});

test('a SYN that is not first does not count for completeness; a first SYN with data counts for both', (t) => {
  const late = new Exchange();
  late.server({ flags: 'SYN,ACK', ack: 1 });
  late.client({ flags: 'SYN' });
  t.is(late.stream.completeness, 2);
  const fastOpen = new Exchange();
  fastOpen.client({ flags: 'SYN', bytes: 5 });
  t.is(fastOpen.stream.completeness, 9);
});

test('a stream’s only packet counts for completeness only as a SYN', (t) => {
  const exchange = new Exchange();
  exchange.client({ flags: 'RST,ACK' });
  t.is(exchange.stream.completeness, 0);
  exchange.client({ flags: 'RST' });
  t.is(exchange.stream.completeness, 4 + 32);
});

test('data beyond the next expected octet follows a lost segment; a RST there does not', (t) => {
  const exchange = Exchange.established();
  exchange.client({ bytes: 10 });
  t.is(exchange.client({ seq: 21, bytes: 10 }), 'LOST_SEGMENT');
  t.is(exchange.client({ flags: 'RST', seq: 99 }), '');
});

test('an ACK of octets never seen is said once', (t) => {
  const exchange = Exchange.established();
  t.is(exchange.client({ ack: 500 }), 'ACK_LOST_SEGMENT');
  t.is(exchange.client({ ack: 600 }), '');
});

test('old data that was not acknowledged is a retransmission after the round trip, out of order before it', (t) => {
  const late = Exchange.established();
  late.client({ bytes: 10 });
  late.client({ bytes: 10 });
  t.is(late.client({ seq: 1, bytes: 10, after: 100 }), 'RETRANSMISSION');
  const soon = Exchange.established();
  soon.client({ bytes: 10 });
  soon.client({ bytes: 10 });
  t.is(soon.client({ seq: 1, bytes: 10, after: 99 }), 'OUT_OF_ORDER');
});

test('without a handshake, out of order means within 3 ms', (t) => {
  for (const [after, expected] of [
    [2.999, 'OUT_OF_ORDER'],
    [3, 'RETRANSMISSION'],
  ] as const) {
    const exchange = new Exchange();
    exchange.client({ bytes: 10 });
    exchange.client({ bytes: 10 });
    t.is(exchange.client({ seq: 0, bytes: 10, after }), expected);
  }
});

test('a segment that ends where the last one ended is sent again, however soon', (t) => {
  const exchange = Exchange.established();
  exchange.client({ bytes: 10 });
  t.is(exchange.client({ seq: 1, bytes: 10, after: 0.001 }), 'RETRANSMISSION');
});

test('a SYN, a SYN,ACK and a FIN sent again are retransmissions', (t) => {
  const exchange = new Exchange();
  exchange.client({ flags: 'SYN' });
  t.is(exchange.client({ flags: 'SYN', seq: 0, after: 1000 }), 'RETRANSMISSION');
  exchange.server({ flags: 'SYN,ACK' });
  t.is(exchange.server({ flags: 'SYN,ACK', seq: 0, after: 1000 }), 'RETRANSMISSION');
  exchange.client({ flags: 'FIN,ACK' });
  t.is(exchange.client({ flags: 'FIN,ACK', seq: 1, after: 200 }), 'RETRANSMISSION');
});

test('data that was acknowledged is sent again spuriously', (t) => {
  const exchange = Exchange.established();
  exchange.client({ bytes: 10 });
  exchange.server();
  t.is(exchange.client({ seq: 1, bytes: 10 }), 'RETRANSMISSION SPURIOUS_RETRANSMISSION');
});

test('what two duplicate ACKs ask for is retransmitted fast within 20 ms of the last', (t) => {
  for (const [after, expected] of [
    [19.999, 'RETRANSMISSION FAST_RETRANSMISSION'],
    [20, 'OUT_OF_ORDER'],
    [120, 'RETRANSMISSION'],
  ] as const) {
    const exchange = Exchange.established();
    for (let sent = 0; sent < 4; sent += 1) exchange.client({ bytes: 10, after: 1 });
    t.is(exchange.server({ ack: 11, after: 1 }), '');
    t.is(exchange.server({ ack: 11, after: 1 }), 'DUPLICATE_ACK');
    t.is(exchange.server({ ack: 11, after: 1 }), 'DUPLICATE_ACK');
    t.is(exchange.client({ seq: 11, bytes: 10, after }), expected);
  }
});

test('one octet before the next expected one keeps alive, and the repeated ACK answers it', (t) => {
  for (const bytes of [0, 1]) {
    const exchange = Exchange.established();
    exchange.client({ bytes: 10 });
    exchange.server();
    t.is(exchange.client({ seq: 10, bytes }), 'KEEP_ALIVE');
    t.is(exchange.server(), 'KEEP_ALIVE_ACK');
    t.is(exchange.server(), 'KEEP_ALIVE_ACK', 'as long as the other side sends nothing else');
  }
});

test('a window of zero, its probe, the answer to that, and the update', (t) => {
  const exchange = Exchange.established();
  exchange.client({ bytes: 10 });
  t.is(exchange.server({ window: 0 }), 'ZERO_WINDOW');
  t.is(exchange.client({ bytes: 1 }), 'ZERO_WINDOW_PROBE');
  t.is(exchange.server({ window: 0, ack: 11 }), 'ZERO_WINDOW ZERO_WINDOW_PROBE_ACK');
  t.is(exchange.server({ window: 512, ack: 11 }), 'WINDOW_UPDATE');
  t.is(exchange.client({ seq: 11, bytes: 5 }), '', 'a probe does not advance what is expected');
});

test('SYN, FIN and RST have no zero window', (t) => {
  const exchange = new Exchange();
  t.is(exchange.client({ flags: 'SYN', window: 0 }), '');
  t.is(exchange.server({ flags: 'RST,ACK', window: 0 }), '');
});

test('data up to the edge of the scaled window fills it', (t) => {
  const exchange = Exchange.established(2);
  exchange.server({ window: 10 });
  t.is(exchange.client({ bytes: 39 }), '');
  t.is(exchange.client({ bytes: 1 }), 'WINDOW_FULL');
});

test('the window of a SYN,ACK is not scaled, and without both SYNs nobody knows the scale', (t) => {
  const first = new Exchange();
  first.client({ flags: 'SYN', windowScale: 2 });
  first.server({ flags: 'SYN,ACK', windowScale: 2, window: 10 });
  t.is(first.client({ bytes: 10 }), 'WINDOW_FULL');
  const unknown = new Exchange();
  unknown.server({ window: 10 });
  t.is(unknown.client({ bytes: 10 }), '');
});

test('one side without the window scale option: neither scales', (t) => {
  const exchange = new Exchange();
  exchange.client({ flags: 'SYN' });
  exchange.server({ flags: 'SYN,ACK', windowScale: 7 });
  exchange.client();
  exchange.server({ window: 10 });
  t.is(exchange.client({ bytes: 10 }), 'WINDOW_FULL');
});

test('a SYN with another number starts another stream on reused ports; with the same number it does not', (t) => {
  const exchange = Exchange.established();
  exchange.client({ flags: 'RST' });
  const { stream } = exchange;
  t.false(stream.startsAnother(exchange.packet(0, { flags: 'SYN', seq: 0 }), 0));
  t.false(stream.startsAnother(exchange.packet(1, { flags: 'SYN,ACK', seq: 777 }), 1));
  const next = exchange.packet(0, { flags: 'SYN', seq: 777 });
  t.true(stream.startsAnother(next, 0));
  stream.restart();
  t.is(stream.see(next, 0, 9), Analysis.REUSED_PORTS);
  t.is(stream.count(0, Analysis.REUSED_PORTS), 1);
  t.is(stream.completeness, 1);
});

test('a RST’s number from nowhere is forgotten when the SYN comes again', (t) => {
  const exchange = new Exchange();
  exchange.client({ flags: 'SYN' });
  exchange.client({ flags: 'RST', seq: 5000 });
  exchange.client({ flags: 'SYN', seq: 0 });
  t.is(exchange.client({ seq: 1, bytes: 5 }), '');
});

test('after two passes, the first of two SYN,ACKs with different numbers is marked as well', (t) => {
  const exchange = new Exchange();
  exchange.client({ flags: 'SYN' });
  t.is(exchange.server({ flags: 'SYN,ACK' }), '');
  t.is(exchange.stream.count(1, Analysis.REUSED_PORTS), 0);
  t.is(exchange.server({ flags: 'SYN,ACK', seq: 900 }), 'LOST_SEGMENT REUSED_PORTS');
  t.is(exchange.stream.count(1, Analysis.REUSED_PORTS), 2);
});

test('sequence numbers wrap without a flag', (t) => {
  const exchange = new Exchange([0xffff_fffa, 0x7fff_fffa]);
  exchange.client({ flags: 'SYN' });
  exchange.server({ flags: 'SYN,ACK' });
  exchange.client();
  for (let round = 0; round < 3; round += 1) {
    t.is(exchange.client({ bytes: 4 }), '');
    t.is(exchange.server({ bytes: 4 }), '');
  }
  t.is(exchange.client({ seq: 1, bytes: 4 }), 'RETRANSMISSION SPURIOUS_RETRANSMISSION');
});

test('after a reset, a stream judges as a new one', (t) => {
  const used = Exchange.established(3);
  used.client({ bytes: 10 });
  used.server({ window: 0 });
  used.stream.reset();
  const fresh = new WiresharkStream();
  for (const [index, side] of ([0, 1, 0, 1] as const).entries()) {
    const packet = used.packet(side, { seq: index * 3, ack: 100, bytes: index, window: 10 });
    t.is(used.stream.see(packet, side, index), fresh.see(packet, side, index));
  }
  t.is(used.stream.completeness, fresh.completeness);
  t.is(used.stream.count(1, Analysis.ZERO_WINDOW), 0);
});
