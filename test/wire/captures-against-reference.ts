/** The reader against the straightforward one of test/support/reference: mutated, cut, in chunks of any size. */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { isFinwaitError } from '../../harness/errors.ts';
import { PcapngBuilder } from '../support/pcapng.ts';
import { type CaptureContent, readCapture } from '../support/read-frames.ts';
import { referenceRead } from '../support/reference/read-capture.ts';
import { concat, encodePcap } from '../support/segment.ts';

const anyFrame = fc.record({
  capturedAtNs: fc.bigInt({ min: 0n, max: 4_294_967_295_999_999_999n }),
  bytes: fc.uint8Array({ maxLength: 60 }),
  originalBytes: fc.nat(100),
});

const anyPcap = fc
  .record({
    frames: fc.array(anyFrame, { maxLength: 8 }),
    littleEndian: fc.boolean(),
    fractionNs: fc.constantFrom<1 | 1000>(1, 1000),
    snapLength: fc.nat(0xffff),
  })
  .map(({ frames, ...shape }) => encodePcap(frames, shape));

const anyPacketBlock = fc.record({
  interfaceId: fc.nat(2),
  ticks: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  bytes: fc.uint8Array({ maxLength: 40 }),
  originalBytes: fc.nat(60),
});

const anyBlock = fc.oneof(
  fc.record({ kind: fc.constant('enhanced' as const), packet: anyPacketBlock }),
  fc.record({ kind: fc.constant('obsolete' as const), packet: anyPacketBlock }),
  fc.record({ kind: fc.constant('simple' as const), packet: anyPacketBlock }),
  fc.record({
    kind: fc.constant('interface' as const),
    linkType: fc.nat(300),
    snapLength: fc.nat(50),
    resolution: fc.oneof(fc.nat(12), fc.integer({ min: 128, max: 160 })),
    offsetSeconds: fc.bigInt({ min: -4_000_000_000n, max: 4_000_000_000n }),
  }),
  fc.record({ kind: fc.constant('other' as const), body: fc.uint8Array({ maxLength: 40 }) }),
);

const anySection = fc
  .tuple(fc.boolean(), fc.array(anyBlock, { maxLength: 10 }))
  .map(([littleEndian, blocks]) => {
    const build = new PcapngBuilder({ littleEndian });
    const encoded = blocks.map((block) => {
      if (block.kind === 'interface') return build.interface(block);
      return block.kind === 'other' ? build.block(5, block.body) : build[block.kind](block.packet);
    });
    return concat(build.section(), build.interface(), ...encoded);
  });

const anyCapture = fc.oneof(
  anyPcap,
  fc.array(anySection, { minLength: 1, maxLength: 3 }).map((sections) => concat(...sections)),
);

/** Undefined for what the reader says is no capture. */
function read(stream: Uint8Array, lengths: readonly number[]): CaptureContent | undefined {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(stream.slice(at, at + length));
    at += length;
  }
  try {
    return readCapture(...chunks, stream.slice(at));
  } catch (error) {
    if (isFinwaitError(error) && error.code === 'ERR_FINWAIT_FORMAT') return undefined;
    throw error;
  }
}

function agrees(t: ExecutionContext, stream: Uint8Array, lengths: readonly number[]): void {
  const expected = referenceRead(stream);
  const observed = read(stream, lengths);
  t.deepEqual(
    observed?.frames.map((frame, index) =>
      expected?.frames[index]?.capturedAtNs === undefined ? { ...frame, capturedAtNs: undefined } : frame,
    ),
    expected?.frames,
  );
  const stopped = observed?.damage.filter(({ kind }) => kind !== 'skipped') ?? [];
  t.deepEqual(
    stopped.map(({ offset }) => offset),
    expected?.stoppedAt === undefined ? [] : [expected.stoppedAt],
  );
}

const anyLengths = fc.array(fc.nat(120));

test('captures as they should be, in any chunks', (t) => {
  fc.assert(
    fc.property(anyCapture, anyLengths, (stream, lengths) => {
      agrees(t, stream, lengths);
    }),
    { numRuns: 300 },
  );
});

test('captures cut anywhere', (t) => {
  fc.assert(
    fc.property(anyCapture, anyLengths, fc.nat(), (stream, lengths, where) => {
      agrees(t, stream.slice(0, where % (stream.length + 1)), lengths);
    }),
    { numRuns: 500 },
  );
});

test('captures with octets changed', (t) => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 4, 6, 255))), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(anyCapture, anyLengths, changes, (stream, lengths, list) => {
      const changed = stream.slice();
      for (const [where, value] of list) changed[where % changed.length] = value;
      agrees(t, changed, lengths);
    }),
    { numRuns: 2000 },
  );
});

test('any octets behind a header', (t) => {
  const header = fc.constantFrom(new Uint8Array(), encodePcap([]), new PcapngBuilder().section());
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 300 }), anyLengths, (start, bytes, lengths) => {
      agrees(t, concat(start, bytes), lengths);
    }),
    { numRuns: 500 },
  );
});
