/** Arbitrary segments, and packets and frames that carry them, for fast-check. */
import fc from 'fast-check';
import type { Segment, TcpOptions } from '../../harness/model/segment.ts';
import {
  carried,
  type Carried,
  erspan2,
  erspan3,
  etherIp,
  ethernet,
  etherOverGre,
  geneve,
  gre,
  ip,
  mpls,
  pppoe,
  providerBackbone,
  pseudowire,
  snap,
  tunnel,
  type Typed,
  vlan,
  vxlan,
} from './layers.ts';
import { encodePacket, type PacketShape, segment } from './segment.ts';

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

export const anySegment: fc.Arbitrary<Segment> = fc.oneof(v4Address, v6Address).chain((address) =>
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

const anyExtension = fc.oneof(
  fc.record({ kind: fc.constantFrom(0, 43, 60, 135), bytes: fc.constantFrom(new Uint8Array(8)) }),
  fc.record({ kind: fc.constant(60), bytes: fc.constant(new Uint8Array(16).fill(1, 1, 2)) }),
  fc.record({ kind: fc.constant(51), bytes: fc.constant(new Uint8Array(24).fill(4, 1, 2)) }),
  fc.record({ kind: fc.constant(44), bytes: fc.constant(new Uint8Array(8)) }),
);

const anyShape: fc.Arbitrary<PacketShape> = fc.record(
  {
    ipv4Options: fc.nat(10).map((words) => new Uint8Array(words * 4).fill(1)),
    extensions: fc.array(anyExtension, { maxLength: 3 }),
    ipLength: fc.constant(0),
  },
  { requiredKeys: [] },
);

/** An IP packet with a segment in it. */
export const anyPacket: fc.Arbitrary<Uint8Array> = fc
  .tuple(anySegment, anyShape)
  .map(([one, shape]) => encodePacket(one, shape));

const wrapped = fc.letrec<{ packet: Uint8Array; typed: Typed; frame: Uint8Array; carried: Carried }>(
  (tie) => ({
    packet: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      anyPacket,
      fc
        .tuple(fc.constantFrom<4 | 6>(4, 6), tie('carried'))
        .map(([version, inner]) => tunnel(version, inner)),
    ),
    frame: tie('typed').map(ethernet),
    typed: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('packet').map(ip),
      fc.tuple(tie('typed'), fc.constantFrom(0x8100, 0x88a8, 0x9100)).map(([inner, tag]) => vlan(inner, tag)),
      fc.tuple(tie('packet'), fc.integer({ min: 1, max: 3 })).map(([inner, labels]) => mpls(inner, labels)),
      tie('packet').map(pppoe),
      tie('typed').map(snap),
      tie('frame').map(providerBackbone),
      tie('frame').map(pseudowire),
    ),
    carried: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('packet').map(carried),
      fc
        .tuple(tie('typed'), fc.record({ checksum: fc.boolean(), key: fc.boolean(), sequence: fc.boolean() }))
        .map(([inner, shape]) => gre(inner, shape)),
      tie('frame').map((frame) => etherOverGre(frame, { key: true })),
      tie('frame').map(erspan2),
      fc.tuple(tie('frame'), fc.boolean()).map(([frame, optional]) => erspan3(frame, { optional })),
      tie('frame').map(vxlan),
      fc.tuple(tie('typed'), fc.nat(3)).map(([inner, words]) => geneve(inner, words)),
      tie('frame').map(etherIp),
    ),
  }),
);

/** An IP packet with a segment in it, most often inside tunnels. */
export const anyPacketTunnelled: fc.Arbitrary<Uint8Array> = wrapped.packet;

/** What an Ethernet frame can carry, with a segment somewhere in it. */
export const anyTyped: fc.Arbitrary<Typed> = wrapped.typed;
