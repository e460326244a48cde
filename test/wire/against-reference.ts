/** The engine's decoder against the straightforward one of test/support/reference, on frames of every make. */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { LinkType } from '../../harness/wire/link-type.ts';
import { anyPacket, anyPacketTunnelled, anyTyped } from '../support/arbitrary.ts';
import { ethernet, onLink } from '../support/layers.ts';
import { AgainstReference } from '../support/reference/against-reference.ts';

const anyLinkType = fc.constantFrom(...Object.values(LinkType));

const anyFrame: fc.Arbitrary<{ linkType: number; bytes: Uint8Array }> = fc.oneof(
  fc
    .tuple(anyLinkType, fc.oneof(anyPacket, anyPacketTunnelled))
    .map(([linkType, packet]) => ({ linkType, bytes: onLink(linkType, packet) })),
  anyTyped.map((typed) => ({ linkType: LinkType.ETHERNET, bytes: ethernet(typed) })),
);

interface Handled {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  readonly originalBytes?: number;
}

function agrees(t: ExecutionContext, { linkType, bytes, originalBytes = bytes.length }: Handled): void {
  const { observed, expected } = new AgainstReference().decode(
    linkType,
    bytes,
    0,
    bytes.length,
    originalBytes,
  );
  t.deepEqual(observed, expected);
}

test('frames as they should be', (t) => {
  fc.assert(
    fc.property(anyFrame, (frame) => {
      agrees(t, frame);
    }),
    { numRuns: 300 },
  );
});

test('frames cut anywhere', (t) => {
  fc.assert(
    fc.property(anyFrame, ({ linkType, bytes }) => {
      for (let length = 0; length < Math.min(bytes.length, 200); length++) {
        agrees(t, { linkType, bytes: bytes.slice(0, length), originalBytes: bytes.length });
      }
    }),
    { numRuns: 40 },
  );
});

test('frames with octets changed, in particular to what decoders look for', (t) => {
  const octet = fc.oneof(
    fc.nat(255),
    fc.constantFrom(0, 1, 4, 6, 17, 41, 44, 47, 0x45, 0x60, 0x81, 0x88, 0xff),
  );
  const changes = fc.array(fc.tuple(fc.nat(), octet), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(anyFrame, changes, fc.nat(2000), ({ linkType, bytes }, list, originalBytes) => {
      const changed = bytes.slice();
      for (const [where, value] of list) changed[where % Math.min(changed.length, 160)] = value;
      agrees(t, { linkType, bytes: changed, originalBytes });
    }),
    { numRuns: 3000 },
  );
});

test('any octets under any link type', (t) => {
  fc.assert(
    fc.property(
      fc.nat(300),
      fc.uint8Array({ maxLength: 160 }),
      fc.nat(),
      (linkType, bytes, originalBytes) => {
        agrees(t, { linkType, bytes, originalBytes });
      },
    ),
    { numRuns: 1000 },
  );
});

test('a frame between others is decoded as it is by itself', (t) => {
  fc.assert(
    fc.property(
      anyFrame,
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(200),
      ({ linkType, bytes }, around, cut) => {
        const length = Math.min(cut, bytes.length);
        const between = Uint8Array.from([...around, ...bytes, ...around]);
        const alone = new AgainstReference().decode(linkType, bytes, 0, length, bytes.length);
        const { observed } = new AgainstReference().decode(
          linkType,
          between,
          around.length,
          length,
          bytes.length,
        );
        t.deepEqual(observed, alone.expected);
      },
    ),
    { numRuns: 500 },
  );
});

test('what an earlier frame left does not show in a later one', (t) => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 2, maxLength: 12 }), (frames) => {
      const both = new AgainstReference();
      for (const { linkType, bytes } of frames) {
        const { observed, expected } = both.decode(linkType, bytes, 0, bytes.length, bytes.length);
        t.deepEqual(observed, expected);
      }
    }),
    { numRuns: 300 },
  );
});

test('the frames that these properties are made of mostly reach TCP', (t) => {
  const sample = fc.sample(anyFrame, 300).map(({ linkType, bytes }) => {
    return new AgainstReference().decode(linkType, bytes, 0, bytes.length, bytes.length).observed.outcome;
  });
  t.true(sample.filter((outcome) => outcome === 'tcp').length > 200);
});
