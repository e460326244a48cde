import test from 'ava';
import { isFinwaitError } from '../../harness/errors.ts';
import { PcapngBuilder } from '../support/pcapng.ts';
import { readCapture } from '../support/read-frames.ts';
import { concat } from '../support/segment.ts';

const BYTES = Uint8Array.of(1, 2, 3, 4, 5);
const NANOSECONDS = 9;

for (const littleEndian of [true, false]) {
  const order = littleEndian ? 'little' : 'big';
  const build = new PcapngBuilder({ littleEndian });

  test(`${order}-endian: each packet has the link type and the clock of its interface`, (t) => {
    const { frames, interfaces, damage } = readCapture(
      build.section(),
      build.interface({ linkType: 1 }),
      build.interface({ linkType: 113, resolution: NANOSECONDS, offsetSeconds: -100n }),
      build.interface({ linkType: 101, resolution: 0x80 | 10 }),
      build.enhanced({ interfaceId: 1, ticks: 1_700_000_100_123_456_789n, bytes: BYTES, originalBytes: 60 }),
      build.enhanced({ interfaceId: 0, ticks: 1_700_000_000_123_456n, bytes: BYTES }),
      build.enhanced({ interfaceId: 2, ticks: 3n * 1024n + 512n, bytes: BYTES }),
    );
    t.deepEqual(damage, []);
    t.deepEqual(
      interfaces.map(({ linkType, resolution, offsetSeconds }) => ({ linkType, resolution, offsetSeconds })),
      [
        { linkType: 1, resolution: { base: 10, exponent: 6 }, offsetSeconds: 0 },
        { linkType: 113, resolution: { base: 10, exponent: 9 }, offsetSeconds: -100 },
        { linkType: 101, resolution: { base: 2, exponent: 10 }, offsetSeconds: 0 },
      ],
    );
    t.deepEqual(frames, [
      {
        ordinal: 1,
        capturedAtNs: 1_700_000_000_123_456_789n,
        originalBytes: 60,
        linkType: 113,
        bytes: BYTES,
      },
      { ordinal: 2, capturedAtNs: 1_700_000_000_123_456_000n, originalBytes: 5, linkType: 1, bytes: BYTES },
      { ordinal: 3, capturedAtNs: 3_500_000_000n, originalBytes: 5, linkType: 101, bytes: BYTES },
    ]);
  });

  test(`${order}-endian: obsolete and simple packet blocks are read`, (t) => {
    const { frames, damage } = readCapture(
      build.section(),
      build.interface({ linkType: 101, snapLength: 4 }),
      build.interface({ linkType: 1 }),
      build.obsolete({ interfaceId: 1, ticks: 2_000_000n, bytes: BYTES, originalBytes: 99 }),
      build.simple({ bytes: BYTES.slice(0, 4), originalBytes: 5 }),
    );
    t.deepEqual(damage, []);
    // A simple packet block has no time: that of the packet before stands.
    t.deepEqual(frames, [
      { ordinal: 1, capturedAtNs: 2_000_000_000n, originalBytes: 99, linkType: 1, bytes: BYTES },
      { ordinal: 2, capturedAtNs: 2_000_000_000n, originalBytes: 5, linkType: 101, bytes: BYTES.slice(0, 4) },
    ]);
  });

  test(`${order}-endian: a simple packet's padding is no part of it`, (t) => {
    const { frames } = readCapture(build.section(), build.interface(), build.simple({ bytes: BYTES }));
    t.deepEqual(frames[0]?.bytes, BYTES);
  });
}

test('name resolution, statistics, custom and unknown blocks are stepped over', (t) => {
  const build = new PcapngBuilder();
  const others = [4, 5, 9, 10, 0x0bad, 0x4000_0bad, 0x8000_0001, 0x1234_5678];
  const { frames, damage } = readCapture(
    build.section(),
    build.interface(),
    ...others.map((type) => build.block(type, Buffer.from('whatever stands in there'))),
    build.enhanced({
      bytes: BYTES,
      options: concat(build.option(1, Buffer.from('a comment')), build.option(0, new Uint8Array())),
    }),
  );
  t.deepEqual(damage, []);
  t.is(frames.length, 1);
});

test('a section may follow in the other byte order, with interfaces of its own', (t) => {
  const little = new PcapngBuilder();
  const big = new PcapngBuilder({ littleEndian: false });
  const { frames, damage } = readCapture(
    ...[little.section(), little.interface({ linkType: 1 }), little.enhanced({ ticks: 1n, bytes: BYTES })],
    ...[big.section(), big.interface({ linkType: 101 }), big.enhanced({ ticks: 2n, bytes: BYTES })],
    ...[little.section(), little.enhanced({ ticks: 3n, bytes: BYTES })],
  );
  t.deepEqual(
    frames.map(({ ordinal, linkType, capturedAtNs }) => [ordinal, linkType, capturedAtNs]),
    [
      [1, 1, 1000n],
      [2, 101, 2000n],
    ],
  );
  t.deepEqual(
    damage.map(({ kind, problem }) => [kind, problem]),
    [['skipped', 'a packet of interface 0, which is not described']],
  );
});

test('a packet that its block cannot hold is skipped, and the reading goes on', (t) => {
  const build = new PcapngBuilder();
  const absurd = build.enhanced({ bytes: BYTES });
  new DataView(absurd.buffer).setUint32(20, 300, true);
  const tooShort = build.block(6, new Uint8Array(8));
  const { frames, damage } = readCapture(
    ...[build.section(), build.interface(), absurd, tooShort, build.block(1, new Uint8Array(4))],
    build.enhanced({ bytes: BYTES }),
  );
  t.is(frames.length, 1);
  t.deepEqual(
    damage.map(({ kind, problem }) => `${kind}: ${problem}`),
    [
      'skipped: a packet of 300 bytes in a block with room for 8',
      'skipped: a packet of 0 bytes in a block with room for 0',
      'skipped: an interface description of 16 bytes',
    ],
  );
});

const build = new PcapngBuilder();
const START = concat(build.section(), build.interface());
const BROKEN: readonly (readonly [what: string, block: Uint8Array, problem: RegExp])[] = [
  [
    'a length below the least',
    build.block(6, BYTES).fill(8, 4, 5),
    /a block of 8 bytes \(12 to 16777216, a multiple of 4\)/,
  ],
  ['a length not a multiple of four', build.block(6, BYTES).fill(21, 4, 5), /a block of 21 bytes/],
  ['an absurd length', build.block(6, BYTES).fill(0xfc, 4, 8), /a block of 4244438268 bytes/],
  [
    'another length at its end',
    build.block(6, BYTES).fill(24, -4, -3),
    /a block of 20 bytes that says 24 at its end/,
  ],
  ['a section of no byte order', build.section().fill(0, 8, 12), /byte-order magic 0x00000000/],
  ['a section of another version', build.section().fill(2, 12, 13), /a section of pcapng version 2/],
];

for (const [what, block, problem] of BROKEN) {
  test(`nothing is read past a block with ${what}`, (t) => {
    const stream = concat(START, build.enhanced({ bytes: BYTES }), block, build.enhanced({ bytes: BYTES }));
    const { frames, damage } = readCapture(stream);
    t.is(frames.length, 1);
    t.is(damage.length, 1);
    t.is(damage[0]?.kind, 'corrupt');
    t.is(damage[0]?.offset, START.length + 40);
    t.regex(damage[0]?.problem ?? '', problem);
  });
}

test('a first section header that is none is refused', (t) => {
  for (const [stream, says] of [
    [build.section().fill(0, 8, 12), /at byte 0 found a section header with byte-order magic 0x00000000/],
    [build.section().fill(2, 12, 13), /at byte 0 found a section of pcapng version 2/],
    [build.section().fill(0, 4, 8), /at byte 0 found a block of 0 bytes/],
    [build.section().slice(0, 20), /found 20 of 28 header bytes/],
  ] as const) {
    const error = t.throws(() => readCapture(stream));
    t.true(isFinwaitError(error));
    t.regex(error.message, says);
  }
});

test('a capture cut within a block says where that starts', (t) => {
  const stream = concat(START, build.enhanced({ bytes: BYTES }));
  const { frames, damage } = readCapture(stream.slice(0, -3));
  t.is(frames.length, 0);
  t.deepEqual(
    damage.map(({ kind, offset }) => [kind, offset]),
    [['cut', START.length]],
  );
});

test('damage is described sixteen times and counted beyond', (t) => {
  const bad = build.enhanced({ interfaceId: 9, bytes: BYTES });
  const { damage } = readCapture(START, ...new Array<Uint8Array>(100).fill(bad));
  t.is(damage.length, 16);
});
