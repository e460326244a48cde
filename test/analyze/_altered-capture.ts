/** Captures of conversations, in any form, with frames that were altered or cut. */
import fc from 'fast-check';
import type { Packet } from '../../harness/model/packet.ts';
import { LinkType } from '../../harness/wire/link-type.ts';
import { segmentOf } from '../../harness/wire/segment-of.ts';
import { ACTIONS, conversation, type Turn } from '../correlate/_header-prediction-conversation.ts';
import { PcapngBuilder } from '../support/pcapng.ts';
import { concat, encodeFrame, encodePacket, encodePcap } from '../support/segment.ts';

/**
 * What is done to a frame: it has other TCP options; so many octets are missing at its end or, if none, one is another.
 */
interface Alteration {
  readonly frame: number;
  readonly options: Uint8Array | undefined;
  readonly at: number;
  readonly octet: number;
  readonly cutBytes: number;
}

interface Form {
  readonly isPcapng: boolean;
  readonly linkType: number;
  readonly littleEndian: boolean;
  readonly fractionNs: 1 | 1000;
  readonly modified: boolean;
  readonly secondsInFraction: number;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  port: fc.integer({ min: 1, max: 3 }),
  side: fc.constantFrom<0 | 1>(0, 1),
  action: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('data', 'ack', 'fin', 'open') },
    { weight: 1, arbitrary: fc.constantFrom('full window', ...ACTIONS) },
  ),
  bytes: fc.constantFrom(1, 2, 100, 1460),
  stepNs: fc.constantFrom(0, 1000, 40_000_000, 6_000_000_000),
  scales: fc.constantFrom([7, 7] as const, [-1, 7] as const),
  staleAcknowledgment: fc.constantFrom(undefined, 0),
  iss: fc.constant(undefined),
});

/** In an Ethernet frame, what a decoder goes by: types, versions, lengths, fragments, protocols, the TCP header's length. */
const DECISIVE = [12, 13, 14, 16, 17, 18, 19, 20, 21, 23, 46, 47, 54, 55, 66, 67, 74, 75] as const;
/** Options as they are, as they are seldom, and as they cannot be. */
const option = fc.oneof(
  fc.constantFrom([1], [0], [2, 4, 5, 0xb4], [3, 3, 7], [3, 3, 15], [4, 2], [8, 10, 0, 0, 0, 9, 0, 0, 0, 8]),
  fc.constantFrom([34, 10, 1, 2, 3, 4, 5, 6, 7, 8], [254, 4, 0xf9, 0x89], [253, 4, 0, 0], [19, 18]),
  fc.constantFrom(
    [5, 10, 0, 0, 0, 1, 0, 0, 0, 2],
    [5, 9],
    [5, 1],
    [34, 1],
    [99, 1],
    [2, 3, 1],
    [8, 8, 0, 0, 0, 0, 0, 0],
    [3],
    [3, 2],
  ),
  fc.tuple(fc.nat(255), fc.nat(255)),
);
export const anyOptions: fc.Arbitrary<Uint8Array> = fc
  .array(option, { maxLength: 8, size: 'max' })
  .map((all) => {
    const octets = all.flat().slice(0, 40);
    return Uint8Array.from([...octets, ...Array.from({ length: -octets.length & 3 }, () => 1)]);
  });

const alteration: fc.Arbitrary<Alteration> = fc.record({
  frame: fc.nat(),
  options: fc.option(anyOptions, { nil: undefined }),
  at: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...DECISIVE) },
    fc.integer({ min: 12, max: 90 }),
    fc.nat(1500),
  ),
  octet: fc.oneof(
    fc.nat(255),
    fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 10, 0x20, 0x45, 0x46, 0x50, 0x60, 0xa0),
  ),
  cutBytes: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    fc.constantFrom(1, 2),
    fc.integer({ min: 1, max: 60 }),
  ),
});

const form: fc.Arbitrary<Form> = fc.record({
  isPcapng: fc.boolean(),
  linkType: fc.constantFrom(LinkType.ETHERNET, LinkType.LINUX_SLL, LinkType.LINUX_SLL2, LinkType.NULL),
  littleEndian: fc.boolean(),
  fractionNs: fc.constantFrom<1 | 1000>(1, 1000),
  modified: fc.boolean(),
  secondsInFraction: fc.constantFrom(0, 0, 1, 5),
});

export const alteredCapture: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.array(turn, { minLength: 1, maxLength: 60, size: 'max' }),
    fc.oneof(fc.constant([]), fc.array(alteration, { minLength: 1, maxLength: 6, size: 'max' })),
    fc.constantFrom<4 | 6>(4, 6),
    // Also beyond 2038.
    fc.constantFrom(1_700_000_000, 4_000_000_000, 9),
    form,
  )
  .map(([turns, alterations, ipVersion, startSeconds, shape]) =>
    captureOf(conversation(turns, { ipVersion, startSeconds }), alterations, shape),
  );

function captureOf(
  packets: readonly Packet[],
  alterations: readonly Alteration[],
  { isPcapng, ...shape }: Form,
): Uint8Array {
  const count = Math.max(1, packets.length);
  const optionsOf = new Map(alterations.map(({ frame, options: given }) => [frame % count, given]));
  const frames = packets.map((packet, index) => frameOf(packet, shape.linkType, optionsOf.get(index)));
  for (const { frame, at, octet, cutBytes } of alterations) {
    const altered = frames[frame % count];
    // Those with other options are altered enough.
    if (altered === undefined || optionsOf.get(frame % count) !== undefined) continue;
    if (cutBytes === 0) altered.bytes[at % altered.bytes.length] = octet;
    altered.bytes = altered.bytes.subarray(0, Math.max(1, altered.bytes.length - cutBytes));
  }
  if (!isPcapng) return encodePcap(frames, shape);
  const build = new PcapngBuilder(shape);
  const blocks = frames.map(({ capturedAtNs, ...frame }) =>
    build.enhanced({ ticks: capturedAtNs / 1000n, ...frame }),
  );
  return concat(build.section(), build.interface(shape), ...blocks);
}

function frameOf(
  packet: Packet,
  linkType: number,
  tcpOptions: Uint8Array | undefined,
): { capturedAtNs: bigint; bytes: Uint8Array; originalBytes: number } {
  const segment = segmentOf(packet);
  const timestamps = packet.frame % 3 === 0 ? {} : { timestamps: { value: packet.frame, echoReply: 7 } };
  const sent = { ...segment, options: { ...segment.options, ...timestamps } };
  const bytes = encodeFrame(linkType, encodePacket(sent, { tcpOptions }));
  return { capturedAtNs: segment.capturedAtNs, bytes, originalBytes: bytes.length };
}
