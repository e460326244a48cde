import test from 'ava';
import fc from 'fast-check';
import { isFinwaitError } from '../../harness/errors.ts';
import { captureFormat } from '../../harness/wire/capture-format.ts';
import { type Frame, collectFrames, readCapture } from '../support/read-frames.ts';
import { concat, encodePcap, type FrameToWrite } from '../support/segment.ts';

const FRAMES = [
  { capturedAtNs: 1_700_000_000_000_001_000n, bytes: Uint8Array.of(1, 2, 3), originalBytes: 1500 },
  { capturedAtNs: 1_700_000_000_999_999_000n, bytes: new Uint8Array() },
  { capturedAtNs: 4_294_967_295_000_000_000n, bytes: new Uint8Array(200).fill(7) },
];

function framesIn(...chunks: readonly Uint8Array[]): readonly Frame[] {
  return readCapture(...chunks).frames;
}

function framesOf(written: readonly FrameToWrite[], linkType = 1): Frame[] {
  return written.map(({ capturedAtNs, bytes, originalBytes = bytes.length }, index) => ({
    ordinal: index + 1,
    capturedAtNs,
    originalBytes,
    linkType,
    bytes,
  }));
}

for (const littleEndian of [true, false]) {
  for (const fractionNs of [1000, 1] as const) {
    const order = littleEndian ? 'little' : 'big';
    test(`reads ${order}-endian captures whose fractions are units of ${fractionNs} ns`, (t) => {
      const stream = encodePcap(FRAMES, { littleEndian, fractionNs, linkType: 113, snapLength: 96 });
      const { frames, interfaces, damage } = readCapture(stream);
      t.deepEqual(interfaces, [
        {
          linkType: 113,
          snapLength: 96,
          resolution: { base: 10, exponent: fractionNs === 1 ? 9 : 6 },
          offsetSeconds: 0,
        },
      ]);
      t.deepEqual(frames, framesOf(FRAMES, 113));
      t.deepEqual(damage, []);
    });
  }

  test(`reads the modified format's longer records, ${littleEndian ? 'little' : 'big'}-endian`, (t) => {
    const plain = encodePcap(FRAMES, { littleEndian, fractionNs: 1000 });
    new DataView(plain.buffer).setUint32(0, 0xa1b2cd34, littleEndian);
    const pieces = [plain.slice(0, 24)];
    let at = 24;
    for (const { bytes } of FRAMES) {
      const end = at + 16 + bytes.length;
      pieces.push(plain.slice(at, at + 16), Uint8Array.of(2, 0, 0, 0, 8, 0, 4, 0), plain.slice(at + 16, end));
      at = end;
    }
    t.deepEqual(framesIn(concat(...pieces)), framesOf(FRAMES));
  });
}

test('a fraction of more than a second is carried', (t) => {
  const stream = encodePcap([{ capturedAtNs: 5_000_000_000n, bytes: new Uint8Array(1) }], {
    fractionNs: 1000,
  });
  new DataView(stream.buffer).setUint32(28, 4_000_000_001, true);
  t.is(framesIn(stream)[0]?.capturedAtNs, 4_005_000_001_000n);
});

test('the upper bits of the link type, which tell of an FCS, are no part of it', (t) => {
  const stream = encodePcap(FRAMES, { linkType: 0x4400_0001 });
  t.is(framesIn(stream)[0]?.linkType, 1);
});

test('the frames are the same however the stream is cut into chunks', (t) => {
  const frame = fc.record({
    capturedAtNs: fc.bigInt({ min: 0n, max: 4_294_967_295_999_999_999n }),
    bytes: fc.uint8Array({ maxLength: 200 }),
  });
  fc.assert(
    fc.property(fc.array(frame), fc.boolean(), fc.array(fc.nat(300)), (frames, littleEndian, lengths) => {
      const stream = encodePcap(frames, { littleEndian });
      t.deepEqual(framesIn(...chunksOf(stream, lengths)), framesOf(frames));
    }),
  );
});

/** Pieces of these lengths, the last one of what is left. */
export function chunksOf(stream: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(stream.slice(at, at + length));
    at += length;
  }
  return [...chunks, stream.slice(at)];
}

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
    framesIn(...chunks).map((frame) => frame.bytes),
    [bytes, bytes.slice(0, 5)],
  );
});

test('a chunk may be reused once it is pushed', (t) => {
  const stream = encodePcap(FRAMES);
  const frames: Frame[] = [];
  const reader = collectFrames(frames);
  const chunk = new Uint8Array(50);
  for (let at = 0; at < stream.length; at += chunk.length) {
    const piece = stream.subarray(at, at + chunk.length);
    chunk.set(piece);
    reader.push(chunk.subarray(0, piece.length));
    chunk.fill(0xee);
  }
  t.deepEqual(frames, framesOf(FRAMES));
});

test('a frame within a chunk is visited in place, a Buffer in a pool as well', (t) => {
  const stream = Buffer.concat([Buffer.alloc(5), encodePcap(FRAMES)]).subarray(5);
  t.deepEqual(framesIn(stream), framesOf(FRAMES));
});

test('a capture that was cut short gives its whole frames and says where it ends, and after how much', (t) => {
  const { frames, damage } = readCapture(encodePcap(FRAMES).slice(0, -150));
  t.is(frames.length, 2);
  t.deepEqual(damage, [
    {
      kind: 'cut',
      offset: 59,
      problem: 'it ends after 66 of the 216 bytes that a record or block takes here',
    },
  ]);
});

test('a capture that ends within a record header is cut as well', (t) => {
  const stream = encodePcap(FRAMES);
  const { frames, damage } = readCapture(stream.slice(0, 24 + 19 + 5));
  t.is(frames.length, 1);
  t.regex(damage[0]?.problem ?? '', /after 5 of the 16 bytes/);
});

const REFUSED: readonly { readonly what: string; readonly stream: Uint8Array; readonly says: RegExp }[] = [
  { what: 'text', stream: Buffer.from('hello, world'), says: /at byte 0 found 0x68656c6c/ },
  { what: 'nothing', stream: new Uint8Array(), says: /at byte 0 found nothing: it is empty/ },
  { what: 'three bytes', stream: Uint8Array.of(1, 2, 3), says: /at byte 0 found 3 of 4 header bytes/ },
  { what: 'a cut file header', stream: encodePcap([]).slice(0, 23), says: /found 23 of 24 header bytes/ },
  {
    what: 'an unknown version',
    stream: encodePcap([]).fill(9, 4, 6),
    says: /at byte 4 found pcap version 2313/,
  },
  { what: 'gzip', stream: Uint8Array.of(0x1f, 0x8b, 8, 0), says: /at byte 0 found gzip/ },
];

for (const { what, stream, says } of REFUSED) {
  test(`refuses ${what}, naming the offset and what was found`, (t) => {
    for (const chunks of [[stream], [...stream].map((octet) => Uint8Array.of(octet))]) {
      const error = t.throws(() => readCapture(...chunks));
      t.true(isFinwaitError(error) && error.code === 'ERR_FINWAIT_FORMAT');
      t.regex(error.message, says);
    }
  });
}

test('knows what is compressed, and reads none of it', (t) => {
  const frames: Frame[] = [];
  const reader = collectFrames(frames);
  reader.push(Uint8Array.of(0x1f));
  t.is(reader.format, undefined);
  reader.push(Uint8Array.of(0x8b, 8, 0, 1, 2, 3));
  t.is(reader.format, 'gzip');
  t.false(reader.readable);
});

test('tells a format by four bytes', (t) => {
  t.is(captureFormat(Uint8Array.of(0xa1, 0xb2, 0xc3, 0xd4)), 'pcap');
  t.is(captureFormat(Uint8Array.of(0x4d, 0x3c, 0xb2, 0xa1, 9)), 'pcap');
  t.is(captureFormat(Uint8Array.of(0x34, 0xcd, 0xb2, 0xa1)), 'pcap');
  t.is(captureFormat(Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a)), 'pcapng');
  t.is(captureFormat(Uint8Array.of(0x1f, 0x8b, 8, 8)), 'gzip');
  t.is(captureFormat(Uint8Array.of(0x0a, 0x0d, 0x0d)), undefined);
  t.is(captureFormat(Buffer.from('text')), undefined);
});

test('a record of absurd length is damage: the frames before it count, what follows is not read', (t) => {
  const stream = concat(encodePcap(FRAMES), new Uint8Array(16).fill(0xff), new Uint8Array(400));
  for (const size of [1, 7, stream.length]) {
    const lengths = new Array<number>(Math.floor(stream.length / size)).fill(size);
    const { frames, damage } = readCapture(...chunksOf(stream, lengths));
    t.is(frames.length, 3);
    const problem = 'a record of 4294967295 bytes (the most is 262144)';
    t.deepEqual(damage, [{ kind: 'corrupt', offset: 283, problem }]);
  }
});

test('a visitor that throws is heard, and ends the reading', (t) => {
  const frames: Frame[] = [];
  const reader = collectFrames(
    new Proxy(frames, {
      get: (target, name) => {
        if (name === 'push') throw new RangeError('no more');
        return Reflect.get(target, name) as unknown;
      },
    }),
  );
  t.throws(
    () => {
      reader.push(encodePcap(FRAMES));
    },
    { message: 'no more' },
  );
  t.false(reader.readable);
});
