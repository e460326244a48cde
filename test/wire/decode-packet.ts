import test from 'ava';
import fc from 'fast-check';
import type { Segment } from '../../harness/model/segment.ts';
import { formatDecodeIssue } from '../../harness/wire/decode-issue.ts';
import { Outcome } from '../../harness/wire/decoding.ts';
import { LinkType } from '../../harness/wire/link-type.ts';
import { anySegment } from '../support/arbitrary.ts';
import { type DecodedOnce, decodeOnce } from '../support/decode.ts';
import { onLink } from '../support/layers.ts';
import { concat, encodePacket, type PacketShape, segment } from '../support/segment.ts';

const IPV6_ENDS = {
  source: { address: '2001:db8::1', port: 40_000 },
  destination: { address: '::1', port: 7000 },
};

function decodeSegment(linkType: number, bytes: Uint8Array, originalBytes?: number): Segment | undefined {
  return decodeOnce(linkType, bytes, originalBytes).segment;
}

function decodePacket(shape: PacketShape, parts: Parameters<typeof segment>[0] = {}): DecodedOnce {
  return decodeOnce(LinkType.RAW, encodePacket(segment(parts), shape));
}

function problemOf({ issue }: DecodedOnce): string | undefined {
  return issue === undefined ? undefined : formatDecodeIssue(issue);
}

for (const [name, linkType] of Object.entries(LinkType)) {
  test(`decodes IPv4 and IPv6 behind ${name}`, (t) => {
    const v4 = segment({ flags: 'SYN', options: { mss: 1460 } });
    const v6 = segment({ ...IPV6_ENDS, flags: 'FIN,ACK', payloadBytes: 5 });
    const sent = [v4, v6].filter((one) => linkType !== (one === v4 ? LinkType.IPV6 : LinkType.IPV4));
    for (const one of sent) {
      t.deepEqual(decodeSegment(linkType, onLink(linkType, encodePacket(one))), one);
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

test('a frame without IP is another thing, and no issue', (t) => {
  const arp = concat(new Uint8Array(12), Uint8Array.of(0x08, 0x06), new Uint8Array(28));
  const { outcome, headerBytes, issue } = decodeOnce(LinkType.ETHERNET, arp);
  t.deepEqual([outcome, headerBytes, issue], [Outcome.OTHER, 14, undefined]);
});

test('an unknown link type is an issue', (t) => {
  t.is(problemOf(decodeOnce(147, new Uint8Array(60))), 'link at byte 0: link type 147 is not decoded');
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
  t.is(problemOf(decoded), 'ipv6 at byte 40: extension headers end 8 bytes past the payload length');
});

for (const [version, ends] of Object.entries({ IPv4: {}, IPv6: IPV6_ENDS })) {
  test(`${version} length 0 (segmentation offload) → payload by the frame's length, though cut`, (t) => {
    const sent = segment({ ...ends, payloadBytes: 9000 });
    const bytes = onLink(LinkType.ETHERNET, encodePacket(sent, { ipLength: 0 }));
    t.is(decodeSegment(LinkType.ETHERNET, bytes.slice(0, 128), bytes.length)?.payloadBytes, 9000);
  });
}

test('Ethernet padding is no payload', (t) => {
  const bytes = concat(onLink(LinkType.ETHERNET, encodePacket(segment())), new Uint8Array(6));
  t.is(decodeSegment(LinkType.ETHERNET, bytes)?.payloadBytes, 0);
});

test('payload is counted by the IP length when the frame was cut', (t) => {
  const bytes = onLink(LinkType.ETHERNET, encodePacket(segment({ payloadBytes: 5000 })));
  const decoded = decodeOnce(LinkType.ETHERNET, bytes.slice(0, 128), bytes.length);
  t.is(decoded.segment?.payloadBytes, 5000);
  t.is(decoded.headerBytes, 14 + 20 + 20);
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
    const decoded = decodeOnce(LinkType.RAW, bytes);
    t.is(problemOf(decoded), expected);
    t.is(decoded.outcome, expected.startsWith('tcp-options') ? Outcome.TCP : Outcome.STOPPED);
  });
}

test('an IP version that contradicts the link header is an issue', (t) => {
  const bytes = onLink(LinkType.ETHERNET, encodePacket(segment()));
  bytes[14] = 0x65;
  t.is(problemOf(decodeOnce(LinkType.ETHERNET, bytes)), 'ipv4 at byte 14: version 6');
});

test('options before a broken one are kept, unknown ones are stepped over', (t) => {
  const bytes = encodePacket(segment({ options: { mss: 1460, timestamps: { value: 1, echoReply: 2 } } }));
  // NOP NOP MSS TIMESTAMPS: MSS stays, TIMESTAMPS becomes kind 254 (experiment), then has length 9.
  bytes[46] = 254;
  t.deepEqual(decodeOnce(LinkType.RAW, bytes).segment?.options, { mss: 1460 });
  t.is(decodeOnce(LinkType.RAW, bytes).issue, undefined);
  bytes[46] = 8;
  bytes[47] = 9;
  t.deepEqual(decodeOnce(LinkType.RAW, bytes).segment?.options, { mss: 1460 });
  t.is(problemOf(decodeOnce(LinkType.RAW, bytes)), 'tcp-options at byte 46: option 8 says length 9');
});

test('UDP gives its payload within the IP length', (t) => {
  const bytes = concat(
    encodePacket(segment()).slice(0, 20),
    Uint8Array.of(0, 7, 0, 9, 0, 11, 0, 0, 1, 2, 3, 99),
  );
  bytes[3] = 31;
  bytes[9] = 17;
  const { udpPayload, headerBytes } = decodeOnce(LinkType.RAW, bytes);
  t.deepEqual(udpPayload, Uint8Array.of(1, 2, 3));
  t.is(headerBytes, 28);
});

test('a segment decodes to what was encoded', (t) => {
  const anyLinkType = fc.constantFrom(LinkType.ETHERNET, LinkType.RAW, LinkType.LINUX_SLL2);
  fc.assert(
    fc.property(anySegment, anyLinkType, (sent, linkType) => {
      t.deepEqual(decodeSegment(linkType, onLink(linkType, encodePacket(sent))), sent);
    }),
  );
});

test('a frame cut within its headers is stopped, or has its options cut; behind them it is whole', (t) => {
  fc.assert(
    fc.property(anySegment, (sent) => {
      const bytes = onLink(LinkType.ETHERNET, encodePacket(sent));
      const whole = decodeOnce(LinkType.ETHERNET, bytes);
      for (let length = 0; length < bytes.length; length++) {
        const cut = decodeOnce(LinkType.ETHERNET, bytes.slice(0, length), bytes.length);
        t.is(cut.headerBytes, Math.min(length, whole.headerBytes));
        t.is(cut.issue === undefined, length >= whole.headerBytes);
        if (cut.issue === undefined) t.deepEqual(cut, whole);
      }
    }),
    { numRuns: 30 },
  );
});

test('a checksum is examined only when asked for, and only of what was captured whole', (t) => {
  const bytes = encodePacket(segment({ payloadBytes: 7 }));
  bytes.set([0x3c, 0xc7], 10);
  bytes.set([0xec, 0x7a], 36);
  const checksumOf = (frame: Uint8Array, checksums: boolean): number =>
    decodeOnce(LinkType.RAW, frame, bytes.length, { checksums }).packet.checksum;
  t.is(checksumOf(bytes, false), -1);
  t.is(checksumOf(bytes, true), 1);
  t.is(checksumOf(bytes.slice(0, -1), true), -1);
  for (const wrong of [5, 12, 22, 46]) {
    const changed = bytes.slice();
    changed[wrong] = (changed[wrong] ?? 0) ^ 1;
    t.is(checksumOf(changed, true), 0, `octet ${wrong}`);
  }
  const offloaded = bytes.fill(0, 2, 4);
  t.is(checksumOf(offloaded, true), -1);
});

test('Fast Open is known by its kind, and by its experiment', (t) => {
  const withOption = (...octets: readonly number[]): number => {
    const bytes = encodePacket(segment({ options: { timestamps: { value: 0, echoReply: 0 } } }));
    bytes.fill(1, 40);
    bytes.set(octets, 40);
    return decodeOnce(LinkType.RAW, bytes).packet.fastOpen;
  };
  t.is(withOption(34, 2), 1);
  t.is(withOption(34, 10, 1, 2, 3, 4, 5, 6, 7, 8), 1);
  t.is(withOption(254, 4, 0xf9, 0x89), 1);
  t.is(withOption(253, 4, 0xf9, 0x89), 1);
  t.is(withOption(254, 4, 0xf9, 0x88), 0);
  t.is(withOption(254, 3, 0xf9), 0);
  t.is(withOption(35, 4, 0xf9, 0x89), 0);
});
