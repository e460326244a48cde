import test from 'ava';
import fc from 'fast-check';
import { isFinwaitError } from '../../harness/errors.ts';
import type { Frame } from '../../harness/wire/frame.ts';
import { PcapReader } from '../../harness/wire/pcap.ts';
import { concat, encodePcap } from '../support/segment.ts';

const FRAMES = [
  { capturedAtNs: 1_700_000_000_000_001_000n, bytes: Uint8Array.of(1, 2, 3), originalBytes: 1500 },
  { capturedAtNs: 1_700_000_000_999_999_000n, bytes: new Uint8Array() },
  { capturedAtNs: 4_294_967_295_000_000_000n, bytes: new Uint8Array(200).fill(7) },
];

function readAll(...chunks: readonly Uint8Array[]): Frame[] {
  const reader = new PcapReader();
  return chunks.flatMap((chunk) => [...reader.read(chunk)]);
}

for (const littleEndian of [true, false]) {
  for (const fractionNs of [1000, 1] as const) {
    const order = littleEndian ? 'little' : 'big';
    test(`reads ${order}-endian captures whose fractions are units of ${fractionNs} ns`, (t) => {
      const reader = new PcapReader();
      const stream = encodePcap(FRAMES, { littleEndian, fractionNs, linkType: 113, snapLength: 96 });
      const frames = [...reader.read(stream)];
      t.deepEqual(reader.header, { littleEndian, fractionNs, linkType: 113, snapLength: 96 });
      t.deepEqual(
        frames,
        FRAMES.map(({ capturedAtNs, bytes, originalBytes = bytes.length }, index) => ({
          ordinal: index + 1,
          capturedAtNs,
          originalBytes,
          bytes,
        })),
      );
      t.is(reader.end(), 0);
    });
  }
}

test('nanoseconds are kept to the last digit', (t) => {
  const [frame] = readAll(
    encodePcap([{ capturedAtNs: 1_700_000_000_123_456_789n, bytes: new Uint8Array(1) }]),
  );
  t.is(frame?.capturedAtNs, 1_700_000_000_123_456_789n);
});

test('the frames are the same however the stream is cut into chunks', (t) => {
  const frame = fc.record({
    capturedAtNs: fc.bigInt({ min: 0n, max: 4_294_967_295_999_999_999n }),
    bytes: fc.uint8Array({ maxLength: 200 }),
  });
  fc.assert(
    fc.property(fc.array(frame), fc.boolean(), fc.array(fc.nat(300)), (frames, littleEndian, lengths) => {
      const stream = encodePcap(frames, { littleEndian });
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const length of lengths) {
        chunks.push(stream.slice(at, at + length));
        at += length;
      }
      chunks.push(stream.slice(at));
      t.deepEqual(readAll(...chunks), readAll(stream));
      t.is(readAll(stream).length, frames.length);
    }),
  );
});

test('a frame larger than the reader holds at first comes whole', (t) => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => index % 251);
  const stream = encodePcap([
    { capturedAtNs: 0n, bytes },
    { capturedAtNs: 1n, bytes: bytes.slice(0, 5) },
  ]);
  const chunks = Array.from({ length: Math.ceil(stream.length / 4096) }, (_, index) =>
    stream.slice(index * 4096, (index + 1) * 4096),
  );
  t.deepEqual(
    readAll(...chunks).map((frame) => frame.bytes),
    [bytes, bytes.slice(0, 5)],
  );
});

test('frames that were not asked for come with the next chunk', (t) => {
  const reader = new PcapReader();
  const stream = encodePcap(FRAMES);
  const first = reader.read(stream).next();
  t.is(first.done === true ? undefined : first.value.ordinal, 1);
  t.deepEqual(
    [...reader.read(new Uint8Array())].map((frame) => frame.ordinal),
    [2, 3],
  );
});

test('a frame stays as it was when its chunk is reused', (t) => {
  const stream = encodePcap(FRAMES);
  const [frame] = readAll(stream);
  stream.fill(0);
  t.deepEqual(frame?.bytes, Uint8Array.of(1, 2, 3));
});

test('a capture that was cut short gives its whole frames and says how much is left over', (t) => {
  const stream = encodePcap(FRAMES);
  const reader = new PcapReader();
  t.is([...reader.read(stream.slice(0, -150))].length, 2);
  t.is(reader.end(), 16 + 50);
});

const REFUSED: readonly { readonly what: string; readonly stream: Uint8Array; readonly says: RegExp }[] = [
  { what: 'text', stream: Buffer.from('hello, world'), says: /at byte 0 found 0x68656c6c/ },
  {
    what: 'pcapng',
    stream: Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a),
    says: /at byte 0 found 0x0a0d0d0a \(pcapng\)/,
  },
  { what: 'gzip', stream: Uint8Array.of(0x1f, 0x8b, 8, 0), says: /\(gzip\)/ },
  {
    what: 'an unknown version',
    stream: encodePcap([]).fill(9, 4, 6),
    says: /at byte 4 found pcap version 2313/,
  },
  {
    what: 'a record of absurd length',
    stream: concat(encodePcap(FRAMES), new Uint8Array(16).fill(0xff)),
    says: /at byte 283 found a record of 4294967295 bytes/,
  },
];

for (const { what, stream, says } of REFUSED) {
  test(`refuses ${what}, naming the offset and what was found`, (t) => {
    const error = t.throws(() => readAll(stream));
    t.true(isFinwaitError(error) && error.code === 'ERR_FINWAIT_FORMAT');
    t.regex(error.message, says);
  });
}

test('gives the frames before a damaged record, whatever the chunking', (t) => {
  const stream = concat(encodePcap(FRAMES), new Uint8Array(16).fill(0xff));
  for (const size of [1, 7, stream.length]) {
    const reader = new PcapReader();
    const ordinals: number[] = [];
    t.throws(() => {
      for (let at = 0; at < stream.length; at += size) {
        for (const frame of reader.read(stream.slice(at, at + size))) ordinals.push(frame.ordinal);
      }
    });
    t.deepEqual(ordinals, [1, 2, 3]);
  }
});

test('a stream that ends within its file header is no pcap', (t) => {
  for (const length of [0, 3, 23]) {
    const reader = new PcapReader();
    t.deepEqual([...reader.read(encodePcap([]).slice(0, length))], []);
    t.throws(() => reader.end(), { message: new RegExp(`found ${length} of 24 header bytes`) });
  }
});

test('any bytes at all give frames or ERR_FINWAIT_FORMAT', (t) => {
  const start = encodePcap([]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, withHeader) => {
      try {
        readAll(withHeader ? concat(start, bytes) : bytes);
      } catch (error) {
        if (!isFinwaitError(error) || error.code !== 'ERR_FINWAIT_FORMAT') throw error;
      }
    }),
  );
  t.pass();
});
