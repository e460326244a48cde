import test from 'ava';
import fc from 'fast-check';
import type { Segment, TcpOptions } from '../../harness/model/segment.ts';
import { type DecodedFrame, decodeFrame, segmentOf } from '../../harness/wire/decode-frame.ts';
import { formatDecodeIssue } from '../../harness/wire/decode-issue.ts';
import { LinkType } from '../../harness/wire/link-layer.ts';
import { concat, encodeFrame, encodePacket, type PacketShape, segment } from '../support/segment.ts';

const IPV6_ENDS = {
  source: { address: '2001:db8::1', port: 40_000 },
  destination: { address: '::1', port: 7000 },
};

function decodeSegment(linkType: number, bytes: Uint8Array, originalBytes?: number): Segment | undefined {
  const context = { ordinal: 1, capturedAtNs: segment().capturedAtNs };
  return segmentOf(decodeFrame(linkType, bytes, originalBytes), context);
}

function decodePacket(shape: PacketShape, parts: Parameters<typeof segment>[0] = {}): DecodedFrame {
  return decodeFrame(LinkType.RAW, encodePacket(segment(parts), shape));
}

function problem({ issue }: DecodedFrame): string | undefined {
  return issue === undefined ? undefined : formatDecodeIssue(issue);
}

for (const [name, linkType] of Object.entries(LinkType)) {
  test(`decodes IPv4 and IPv6 behind ${name}`, (t) => {
    const v4 = segment({ flags: 'SYN', options: { mss: 1460 } });
    const v6 = segment({ ...IPV6_ENDS, flags: 'FIN,ACK', payloadBytes: 5 });
    const sent = [v4, v6].filter((one) => linkType !== (one === v4 ? LinkType.IPV6 : LinkType.IPV4));
    for (const one of sent) {
      t.deepEqual(decodeSegment(linkType, encodeFrame(linkType, encodePacket(one))), one);
    }
  });
}

test('decodes the BSD families of NULL in either byte order', (t) => {
  const packet = encodePacket(segment(IPV6_ENDS));
  for (const family of [24, 28, 30]) {
    t.truthy(decodeSegment(LinkType.NULL, concat(Uint8Array.of(family, 0, 0, 0), packet)));
    t.truthy(decodeSegment(LinkType.NULL, concat(Uint8Array.of(0, 0, 0, family), packet)));
  }
});

test('decodes behind stacked VLAN tags and PPPoE', (t) => {
  const packet = encodePacket(segment());
  const macs = new Uint8Array(12);
  const tags = Uint8Array.of(0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 0x08, 0);
  const pppoe = Uint8Array.of(0x88, 0x64, 0x11, 0, 0, 1, 0, 42, 0, 0x21);
  t.deepEqual(decodeSegment(LinkType.ETHERNET, concat(macs, tags, packet)), segment());
  t.deepEqual(decodeSegment(LinkType.ETHERNET, concat(macs, pppoe, packet)), segment());
});

test('a frame without IP is neither a layer nor an issue', (t) => {
  const arp = concat(new Uint8Array(12), Uint8Array.of(0x08, 0x06), new Uint8Array(28));
  t.deepEqual(decodeFrame(LinkType.ETHERNET, arp), { headerBytes: 14 });
});

test('an unknown link type is an issue', (t) => {
  t.is(problem(decodeFrame(127, new Uint8Array(60))), 'link at byte 0: link type 127 is not decoded');
});

test('IPv4 options are stepped over', (t) => {
  const bytes = encodePacket(segment(), { ipv4Options: new Uint8Array(12).fill(1) });
  t.deepEqual(decodeSegment(LinkType.RAW, bytes), segment());
});

test('IPv6 extension headers are stepped over', (t) => {
  const extensions = [
    { kind: 0, bytes: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) },
    { kind: 60, bytes: new Uint8Array(16).fill(1, 1, 2) },
    { kind: 51, bytes: new Uint8Array(24).fill(4, 1, 2) },
    { kind: 44, bytes: new Uint8Array(8) },
  ];
  const bytes = encodePacket(segment(IPV6_ENDS), { extensions });
  t.deepEqual(decodeSegment(LinkType.RAW, bytes), segment(IPV6_ENDS));
});

test('extension headers past the payload length are an issue', (t) => {
  const extensions = [{ kind: 60, bytes: new Uint8Array(16).fill(1, 1, 2) }];
  const decoded = decodePacket({ extensions, ipLength: 8 }, IPV6_ENDS);
  t.is(problem(decoded), 'ipv6 at byte 40: extension headers end 8 bytes past the payload length');
});

for (const [version, ends] of Object.entries({ IPv4: {}, IPv6: IPV6_ENDS })) {
  test(`${version} length 0 (segmentation offload) → payload by the frame's length, though cut`, (t) => {
    const sent = segment({ ...ends, payloadBytes: 9000 });
    const bytes = encodeFrame(LinkType.ETHERNET, encodePacket(sent, { ipLength: 0 }));
    t.is(decodeSegment(LinkType.ETHERNET, bytes.slice(0, 128), bytes.length)?.payloadBytes, 9000);
  });
}

test('Ethernet padding is no payload', (t) => {
  const bytes = concat(encodeFrame(LinkType.ETHERNET, encodePacket(segment())), new Uint8Array(6));
  t.is(decodeSegment(LinkType.ETHERNET, bytes)?.payloadBytes, 0);
});

test('payload is counted by the IP length when the frame was cut', (t) => {
  const bytes = encodeFrame(LinkType.ETHERNET, encodePacket(segment({ payloadBytes: 5000 })));
  const decoded = decodeFrame(LinkType.ETHERNET, bytes.slice(0, 128), bytes.length);
  t.is(decoded.tcp?.payloadBytes, 5000);
  t.is(decoded.headerBytes, 14 + 20 + 20);
});

test('the first fragment is marked and gives a header but no segment; a later one gives only IP', (t) => {
  const first = decodePacket({ fragmentWord: 0x2000 }, { payloadBytes: 8 });
  t.deepEqual(first.ip?.fragment, { offset: 0, moreFollow: true });
  t.is(first.tcp?.sourcePort, 40_000);
  t.is(segmentOf(first, { ordinal: 1, capturedAtNs: 0n }), undefined);
  const later = decodePacket({ fragmentWord: 0x0002 });
  t.deepEqual(later.ip?.fragment, { offset: 16, moreFollow: false });
  t.is(decodePacket({ fragmentWord: 0x1fff }).ip?.fragment?.offset, 65_528);
  t.is(later.tcp, undefined);
  t.is(later.issue, undefined);
});

test('an IPv6 fragment is marked', (t) => {
  const bytes = Uint8Array.of(0, 0, 0x05, 0xa9, 0, 0, 0, 1);
  const decoded = decodePacket({ extensions: [{ kind: 44, bytes }] }, IPV6_ENDS);
  t.deepEqual(decoded.ip?.fragment, { offset: 1448, moreFollow: true });
  t.is(decoded.tcp, undefined);
});

test('all nine control bits and illegal mixes are kept', (t) => {
  for (const flags of [0x000, 0x1ff, 0x003, 0x006, 0x100]) {
    t.is(decodeSegment(LinkType.RAW, encodePacket(segment({ flags })))?.flags, flags);
  }
});

test('IPv4-mapped IPv6 addresses become plain IPv4', (t) => {
  const mapped = segment({ ...IPV6_ENDS, source: { address: '::ffff:7f00:1', port: 1 } });
  t.is(decodeSegment(LinkType.RAW, encodePacket(mapped))?.source.address, '127.0.0.1');
});

test('IPv6 addresses are written as RFC 5952 says', (t) => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const full = groups.map((value) => value.toString(16)).join(':');
      // The URL parser's serializer follows RFC 5952 too, apart from mapped addresses.
      const canonical = new URL(`http://[${full}]`).hostname.slice(1, -1);
      fc.pre(!canonical.startsWith('::ffff:'));
      const ends = { source: { address: full, port: 1 }, destination: IPV6_ENDS.destination };
      t.is(decodeSegment(LinkType.RAW, encodePacket(segment(ends)))?.source.address, canonical);
    }),
  );
});

/** [what, bytes to overwrite (offset into an IPv4 packet with TCP at 20), the issue]. */
const BROKEN: readonly [string, Readonly<Record<number, number>>, string][] = [
  ['IPv4 header length', { 0: 0x44 }, 'ipv4 at byte 0: header length 4 words is below 5'],
  ['IPv4 total length', { 2: 0, 3: 19 }, "ipv4 at byte 2: total length 19 is below the header's 20"],
  ['data offset too small', { 32: 0x40 }, 'tcp at byte 32: data offset 4 words is below 5'],
  ['data offset too large', { 32: 0xf0 }, "tcp at byte 32: header of 60 bytes exceeds the packet's 32"],
  ['option length 0', { 40: 2, 41: 0 }, 'tcp-options at byte 40: option 2 says length 0'],
  ['option length 1', { 40: 99, 41: 1 }, 'tcp-options at byte 40: option 99 says length 1'],
  ['MSS of 3 bytes', { 40: 2, 41: 3 }, 'tcp-options at byte 40: option 2 says length 3'],
  ['half a SACK block', { 40: 5, 41: 6 }, 'tcp-options at byte 40: option 5 says length 6'],
  [
    'option past the header',
    { 40: 99, 41: 13 },
    'tcp-options at byte 40: option 99 of 13 bytes runs past the header',
  ],
  ['option without length', { 51: 99 }, 'tcp-options at byte 51: option 99 has no length'],
];

for (const [what, patch, expected] of BROKEN) {
  test(`bad bytes become an issue: ${what}`, (t) => {
    const bytes = encodePacket(segment({ options: { timestamps: { value: 1, echoReply: 2 } } }));
    bytes.fill(1, 40);
    for (const [offset, value] of Object.entries(patch)) bytes[Number(offset)] = value;
    const decoded = decodeFrame(LinkType.RAW, bytes);
    t.is(problem(decoded), expected);
    t.is(decoded.tcp !== undefined, expected.startsWith('tcp-options'));
  });
}

test('an IP version that contradicts the link header is an issue', (t) => {
  const bytes = encodeFrame(LinkType.ETHERNET, encodePacket(segment()));
  bytes[14] = 0x65;
  t.is(problem(decodeFrame(LinkType.ETHERNET, bytes)), 'ipv4 at byte 14: version 6');
});

test('options before a broken one are kept, unknown ones are stepped over', (t) => {
  const bytes = encodePacket(segment({ options: { mss: 1460, timestamps: { value: 1, echoReply: 2 } } }));
  // NOP NOP MSS TIMESTAMPS: MSS stays, TIMESTAMPS becomes kind 254 (experiment), then has length 9.
  bytes[46] = 254;
  t.deepEqual(decodeFrame(LinkType.RAW, bytes).tcp?.options, { mss: 1460 });
  t.is(decodeFrame(LinkType.RAW, bytes).issue, undefined);
  bytes[46] = 8;
  bytes[47] = 9;
  t.deepEqual(decodeFrame(LinkType.RAW, bytes).tcp?.options, { mss: 1460 });
  t.is(problem(decodeFrame(LinkType.RAW, bytes)), 'tcp-options at byte 46: option 8 says length 9');
});

test('UDP gives its ports and the payload within the IP length', (t) => {
  const bytes = concat(
    encodePacket(segment()).slice(0, 20),
    Uint8Array.of(0, 7, 0, 9, 0, 11, 0, 0, 1, 2, 3, 99),
  );
  bytes[3] = 31;
  bytes[9] = 17;
  const { udp, headerBytes } = decodeFrame(LinkType.RAW, bytes);
  t.deepEqual(udp, { sourcePort: 7, destinationPort: 9, payload: Uint8Array.of(1, 2, 3) });
  t.is(headerBytes, 28);
});

const u32 = fc.nat(0xffffffff);
const v4Address = fc.ipV4();
const v6Address = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) =>
    new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1),
  )
  .filter((address) => !address.startsWith('::ffff:'));

const anyOptions: fc.Arbitrary<TcpOptions> = fc.record(
  {
    mss: fc.nat(0xffff),
    windowScale: fc.nat(255),
    sackPermitted: fc.constant(true),
    sackBlocks: fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 2 }),
    timestamps: fc.record({ value: u32, echoReply: u32 }),
  },
  { requiredKeys: [] },
);

const anySegment: fc.Arbitrary<Segment> = fc.oneof(v4Address, v6Address).chain((address) =>
  fc.record({
    frame: fc.constant(1),
    capturedAtNs: fc.constant(segment().capturedAtNs),
    source: fc.record({ address: fc.constant(address), port: fc.nat(65_535) }),
    destination: fc.record({
      address: address.includes(':') ? v6Address : v4Address,
      port: fc.nat(65_535),
    }),
    flags: fc.nat(0x1ff),
    sequenceNumber: u32,
    acknowledgmentNumber: u32,
    window: fc.nat(0xffff),
    payloadBytes: fc.nat(300),
    options: anyOptions,
  }),
);
const anyLinkType = fc.constantFrom(
  LinkType.NULL,
  LinkType.ETHERNET,
  LinkType.RAW,
  LinkType.LOOP,
  LinkType.LINUX_SLL,
  LinkType.LINUX_SLL2,
);

test('a segment decodes to what was encoded', (t) => {
  fc.assert(
    fc.property(anySegment, anyLinkType, (sent, linkType) => {
      t.deepEqual(decodeSegment(linkType, encodeFrame(linkType, encodePacket(sent))), sent);
    }),
  );
});

test('a frame cut anywhere decodes to a prefix of its layers, and never throws', (t) => {
  fc.assert(
    fc.property(anySegment, anyLinkType, (sent, linkType) => {
      const bytes = encodeFrame(linkType, encodePacket(sent));
      const whole = decodeFrame(linkType, bytes);
      for (let length = 0; length < bytes.length; length++) {
        const cut = decodeFrame(linkType, bytes.subarray(0, length), bytes.length);
        t.true(cut.headerBytes <= length);
        if (cut.ip !== undefined) t.deepEqual(cut.ip, whole.ip);
        if (cut.issue === undefined) t.deepEqual(cut, whole);
        else t.true(length < whole.headerBytes);
      }
    }),
    { numRuns: 30 },
  );
});

test('no mutation makes decoding throw', (t) => {
  const mutation = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(anySegment, anyLinkType, mutation, fc.nat(2000), (sent, linkType, changes, originalBytes) => {
      const bytes = encodeFrame(linkType, encodePacket(sent));
      // Aimed at the headers: payload has nothing to break.
      for (const [where, value] of changes) bytes[where % Math.min(bytes.length, 120)] = value;
      const decoded = decodeFrame(linkType, bytes, originalBytes);
      t.true(decoded.headerBytes <= bytes.length);
      segmentOf(decoded, { ordinal: 1, capturedAtNs: 0n });
    }),
    { numRuns: 1000 },
  );
});

test('any bytes under any link type decode without an exception', (t) => {
  fc.assert(
    fc.property(
      fc.nat(300),
      fc.uint8Array({ maxLength: 160 }),
      fc.nat(),
      (linkType, bytes, originalBytes) => {
        t.true(decodeFrame(linkType, bytes, originalBytes).headerBytes <= bytes.length);
      },
    ),
  );
});
