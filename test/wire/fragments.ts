import test from 'ava';
import fc from 'fast-check';
import { Packet } from '../../harness/model/packet.ts';
import type { Segment } from '../../harness/model/segment.ts';
import { decodePacket } from '../../harness/wire/decode-packet.ts';
import { Decoding, Outcome } from '../../harness/wire/decoding.ts';
import { FragmentTable } from '../../harness/wire/fragment-table.ts';
import { LinkType } from '../../harness/wire/link-type.ts';
import { segmentOf } from '../../harness/wire/segment-of.ts';
import { carried, tunnel } from '../support/layers.ts';
import { AgainstReference } from '../support/reference/against-reference.ts';
import { concat, encodePacket, segment } from '../support/segment.ts';

const SENT = segment({
  payloadBytes: 4000,
  flags: 'PSH,ACK',
  options: { timestamps: { value: 1, echoReply: 2 } },
});
const SENT_6 = segment({
  ...SENT,
  source: { address: '2001:db8::1', port: 40_000 },
  destination: { address: '2001:db8::2', port: 7000 },
});

/** A whole IPv4 packet in fragments that start at these offsets, in multiples of eight, of its payload. */
function fragments4(packet: Uint8Array, offsets: readonly number[], identification = 7): Uint8Array[] {
  const payload = packet.slice(20);
  return offsets.map((offset, index) => {
    const end = offsets[index + 1] ?? payload.length;
    const header = packet.slice(0, 20);
    const view = new DataView(header.buffer);
    view.setUint16(2, 20 + end - offset);
    view.setUint16(4, identification);
    view.setUint16(6, (end < payload.length ? 0x2000 : 0) | (offset / 8));
    return concat(header, payload.slice(offset, end));
  });
}

function fragments6(packet: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const payload = packet.slice(40);
  return offsets.map((offset, index) => {
    const end = offsets[index + 1] ?? payload.length;
    const header = new Uint8Array(48);
    header.set(packet.slice(0, 40));
    const view = new DataView(header.buffer);
    view.setUint16(4, 8 + end - offset);
    header[6] = 44;
    header[40] = 6;
    view.setUint16(42, offset | (end < payload.length ? 1 : 0));
    view.setUint32(44, 0xdeadbeef);
    return concat(header, payload.slice(offset, end));
  });
}

class Receiver {
  readonly table = new FragmentTable();
  readonly decoding = new Decoding({ checksums: true, fragments: this.table });
  readonly packet = new Packet();

  take(frame: Uint8Array, { seconds = 0, capturedBytes = frame.length } = {}): Outcome {
    this.packet.frame = 1;
    this.packet.seconds = seconds;
    return decodePacket(
      LinkType.RAW,
      frame,
      0,
      Math.min(capturedBytes, frame.length),
      frame.length,
      this.packet,
      this.decoding,
    );
  }

  segment(): Segment {
    return { ...segmentOf(this.packet), capturedAtNs: SENT.capturedAtNs };
  }
}

for (const [version, sent, fragments] of [
  ['IPv4', SENT, fragments4],
  ['IPv6', SENT_6, fragments6],
] as const) {
  test(`${version}: a segment comes with the fragment that completes it, in whatever order`, (t) => {
    const pieces = fragments(encodePacket(sent), [0, 1480, 2960]);
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [0, 0, 2, 2, 1],
    ]) {
      const receiver = new Receiver();
      const outcomes = order.map((index) => receiver.take(pieces[index] ?? new Uint8Array()));
      t.is(outcomes.pop(), Outcome.TCP);
      t.true(outcomes.every((outcome) => outcome === Outcome.FRAGMENT));
      t.deepEqual(receiver.segment(), sent);
      t.is(receiver.packet.ipBytes, encodePacket(sent).length);
      t.is(receiver.packet.checksum, -1);
      t.is(receiver.table.waiting, 0);
    }
  });

  test(`${version}: fragments cut by the snap length are enough`, (t) => {
    const receiver = new Receiver();
    const [first, second] = fragments(encodePacket(sent), [0, 2000]);
    receiver.take(first ?? new Uint8Array(), { capturedBytes: 112 });
    t.is(receiver.take(second ?? new Uint8Array(), { capturedBytes: 60 }), Outcome.TCP);
    t.deepEqual(receiver.segment(), sent);
  });
}

test('a TCP header that is itself in fragments is put together', (t) => {
  const receiver = new Receiver();
  const pieces = fragments4(encodePacket(SENT), [0, 8, 24]);
  t.deepEqual(
    pieces.map((piece) => receiver.take(piece)),
    [Outcome.FRAGMENT, Outcome.FRAGMENT, Outcome.TCP],
  );
  t.deepEqual(receiver.segment(), SENT);
});

test('a tunnel in fragments is put together and looked into', (t) => {
  const receiver = new Receiver();
  const pieces = fragments4(tunnel(4, carried(encodePacket(SENT_6))), [0, 1480]);
  t.deepEqual(
    pieces.map((piece) => receiver.take(piece)),
    [Outcome.FRAGMENT, Outcome.TCP],
  );
  t.deepEqual(receiver.segment(), SENT_6);
});

test('without a table, fragments stay fragments', (t) => {
  const decoding = new Decoding();
  for (const piece of fragments4(encodePacket(SENT), [0, 1480])) {
    const outcome = decodePacket(LinkType.RAW, piece, 0, piece.length, piece.length, new Packet(), decoding);
    t.is(outcome, Outcome.FRAGMENT);
  }
});

test("a first fragment's headers are its TCP header too: a file of headers can be put together again", (t) => {
  const receiver = new Receiver();
  const [first, second] = fragments4(encodePacket(SENT), [0, 1480]);
  receiver.take(first ?? new Uint8Array());
  t.is(receiver.decoding.headerBytes, 20 + 32);
  receiver.take(second ?? new Uint8Array());
  t.is(receiver.decoding.headerBytes, 20);
});

test('datagrams are kept apart by addresses, protocol and identification', (t) => {
  const receiver = new Receiver();
  const [, second] = fragments4(encodePacket(SENT), [0, 1480], 1);
  const other = segment({ ...SENT, source: { address: '127.0.0.2', port: 1 } });
  for (const packet of [
    fragments4(encodePacket(SENT), [0, 1480], 2)[0],
    fragments4(encodePacket(other), [0, 1480], 1)[0],
    second,
  ]) {
    t.is(receiver.take(packet ?? new Uint8Array()), Outcome.FRAGMENT);
  }
  t.is(receiver.table.waiting, 3);
});

test('fragments that contradict each other are given up', (t) => {
  const whole = encodePacket(SENT);
  const last = fragments4(whole, [0, 1480])[1] ?? new Uint8Array();
  const earlierLast = fragments4(whole.slice(0, 2000), [0, 1480])[1] ?? new Uint8Array();
  const beyond = fragments4(whole, [0, 1480, 4800 - 800])[1] ?? new Uint8Array();
  const odd = last.slice(0, 25);
  odd.set([0, 25], 2);
  odd.set([0x20, 0], 6);
  for (const pieces of [[last, earlierLast], [earlierLast, beyond], [odd]]) {
    const receiver = new Receiver();
    for (const piece of pieces) t.is(receiver.take(piece), Outcome.FRAGMENT);
    t.is(receiver.table.waiting, 0);
    t.is(receiver.table.abandoned, 1);
  }
});

test('a datagram waits thirty seconds: identifications are used again', (t) => {
  const [first, second] = fragments4(encodePacket(SENT), [0, 1480]);
  const patient = new Receiver();
  patient.take(first ?? new Uint8Array(), { seconds: 100 });
  t.is(patient.take(second ?? new Uint8Array(), { seconds: 130 }), Outcome.TCP);
  const late = new Receiver();
  late.take(first ?? new Uint8Array(), { seconds: 100 });
  t.is(late.take(second ?? new Uint8Array(), { seconds: 131 }), Outcome.FRAGMENT);
  t.is(late.table.abandoned, 1);
});

test('the oldest of 1024 datagrams gives way, and is counted', (t) => {
  const receiver = new Receiver();
  const whole = encodePacket(SENT);
  for (let identification = 0; identification < 1500; identification++) {
    receiver.take(fragments4(whole, [0, 1480], identification)[0] ?? new Uint8Array());
  }
  t.is(receiver.table.waiting, 1024);
  t.is(receiver.table.abandoned, 1500 - 1024);
  t.is(receiver.take(fragments4(whole, [0, 1480], 0)[1] ?? new Uint8Array()), Outcome.FRAGMENT);
  t.is(receiver.take(fragments4(whole, [0, 1480], 1499)[1] ?? new Uint8Array()), Outcome.TCP);
});

test('fragments of any size, order and overlap give what the reference gives', (t) => {
  const anyPieces = fc.array(fc.tuple(fc.nat(60), fc.nat(20), fc.boolean(), fc.nat(200)), { maxLength: 12 });
  fc.assert(
    fc.property(anyPieces, fc.constantFrom(SENT, SENT_6), (pieces, sent) => {
      const whole = encodePacket(segment({ ...sent, payloadBytes: 400 }));
      const both = new AgainstReference();
      for (const [eighths, more, isLast, cut] of pieces) {
        const offset = eighths * 8;
        const end = offset + (more + 1) * 8;
        const make = sent === SENT ? fragments4 : fragments6;
        const [, middle] = make(whole, [0, offset, end]);
        const [, last] = make(whole, [0, offset]);
        const piece = (isLast ? last : middle) ?? whole;
        const captured = Math.max(piece.length - cut, 0);
        const { observed, expected } = both.decode(LinkType.RAW, piece, 0, captured, piece.length);
        t.deepEqual(observed, expected);
      }
    }),
    { numRuns: 1000 },
  );
});
