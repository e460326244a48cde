/** Streams that no TCP would send: every rule meets its limits. The same seed gives the same capture. */
import type { Segment } from '../../harness/model/segment.ts';
import { type FrameToWrite, encodeFrame, encodePacket, encodePcap, segment } from '../support/segment.ts';
import { LinkType } from '../../harness/wire/link-type.ts';

/** How far the clock moves between packets: the limits of Wireshark's rules, and backwards. */
const STEPS_NS = [
  0n,
  1000n,
  1_000_000n,
  1_000_000n,
  2_999_999n,
  3_000_000n,
  3_000_001n,
  10_000_000n,
  19_999_999n,
  20_000_000n,
  -1_000_000n,
  500_000_000n,
];
const INITIAL = [
  [1000, 0xffff_fff0, 0xffff_ffff, 0, 5000],
  [9000, 0xffff_fff8, 0, 7000],
] as const;
/** As often as they stand here, once no handshake is due. */
const FLAGS = [
  ...new Array<string>(11).fill('ACK'),
  ...['SYN', 'SYN,ACK', 'RST', 'RST,ACK', 'FIN,ACK', 'FIN,ACK', 'FIN', 'PSH,ACK', 'PSH,ACK'],
];

class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0, less than `limit`. */
  below(limit: number): number {
    // Numerical Recipes' linear congruential generator.
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  one<T>(of: readonly [T, ...T[]] | readonly T[]): T {
    return of[this.below(of.length)] as T;
  }
}

/** A capture of at least so many packets, in streams of three to 27. */
export function randomCapture(seed: number, packets: number): Uint8Array {
  const chance = new Chance(seed);
  const frames: FrameToWrite[] = [];
  let capturedAtNs = 1_700_000_000_000_000_000n;
  for (let port = 20_001; frames.length < packets; port += 1) {
    for (const of of randomStream(chance, port)) {
      capturedAtNs += chance.one(STEPS_NS);
      frames.push({ capturedAtNs, bytes: encodeFrame(LinkType.ETHERNET, encodePacket(of)) });
    }
  }
  return encodePcap(frames, { snapLength: 65_535 });
}

function* randomStream(chance: Chance, port: number): Generator<Segment, void, undefined> {
  const client = { address: port % 2 === 0 ? '10.0.0.9' : '10.0.0.1', port };
  const server = { address: '10.0.0.5', port: 80 };
  const initial = [chance.one(INITIAL[0]), chance.one(INITIAL[1])] as const;
  const next: [number, number] = [...initial];
  const hasHandshake = chance.below(4) < 3;
  const length = 3 + chance.below(25);
  for (let index = 0; index < length; index += 1) {
    const opening = hasHandshake ? ['SYN', 'SYN,ACK'][index] : undefined;
    const side = opening === undefined ? (chance.below(2) as 0 | 1) : (index as 0 | 1);
    const flags = opening ?? chance.one(FLAGS);
    const parts = randomParts(chance, flags, initial[side], next[side], next[side === 0 ? 1 : 0]);
    const [source, destination] = side === 0 ? [client, server] : [server, client];
    yield segment({ ...parts, flags, source, destination });
    const control = /SYN|FIN/.test(flags) ? 1 : 0;
    const end = (parts.sequenceNumber + parts.payloadBytes + control) >>> 0;
    const isAhead = ((end - next[side]) | 0) > 0;
    if (isAhead && !flags.includes('RST') && chance.below(6) > 0) next[side] = end;
  }
}

function randomParts(chance: Chance, flags: string, initial: number, next: number, otherNext: number) {
  const isSyn = flags.includes('SYN');
  let sequence =
    isSyn && chance.below(4) > 0 ? initial : next + chance.one([0, 0, 0, 0, 0, -1, -1, -2, 1, 10, -10, -5]);
  // Resets with numbers from nowhere lead Wireshark's next expected one astray.
  if (flags.includes('RST') && chance.below(2) === 0) sequence = next + 300;
  const acknowledgment = flags.includes('ACK')
    ? otherNext + chance.one([0, 0, 0, 0, -1, -5, -10, 1, 10])
    : chance.one([0, 0, otherNext]);
  const shift = isSyn
    ? chance.one([undefined, undefined, 0, 1, 2, 14, 20])
    : chance.below(40) === 0
      ? 3
      : undefined;
  return {
    sequenceNumber: sequence >>> 0,
    acknowledgmentNumber: acknowledgment >>> 0,
    window: chance.one([0, 512, 512, 512, 1024, 10]),
    payloadBytes: isSyn ? chance.one([0, 0, 0, 0, 0, 5]) : chance.one([0, 0, 0, 1, 1, 2, 5, 5, 10]),
    options: shift === undefined ? {} : { windowScale: shift },
  };
}

/** A capture that saw one side only, beyond the number of segments that Wireshark remembers, then its FIN twice. */
export function oneSidedCapture(): Uint8Array {
  const frames: FrameToWrite[] = [];
  for (let index = 0; index < 10_003; index += 1) {
    const flags = index < 10_001 ? 'ACK' : 'FIN,ACK';
    const sequenceNumber = Math.min(1000 + index, 11_001);
    const bytes = encodePacket(segment({ flags, sequenceNumber, payloadBytes: index < 10_001 ? 1 : 0 }));
    const capturedAtNs = 1_700_000_000_000_000_000n + BigInt(index) * 100_000_000n;
    frames.push({ capturedAtNs, bytes: encodeFrame(LinkType.ETHERNET, bytes) });
  }
  return encodePcap(frames);
}
