/** Captures made wrong, the same way every time for the same numbers. */
import type { FrameVisitor } from '../harness/wire/capture-records.ts';
import { CaptureReader } from '../harness/wire/capture-reader.ts';

/** Where the captured bytes of a frame lie. */
interface Frame {
  readonly start: number;
  readonly end: number;
}

/** A whole capture, and where its frames are. */
export interface Original {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly frames: readonly Frame[];
}

/** @returns undefined when no frame of it can be read */
export function originalOf(name: string, bytes: Uint8Array): Original | undefined {
  const frames: Frame[] = [];
  const visit: FrameVisitor = (_bytes, start, captured) => {
    if (captured > 0) frames.push({ start, end: start + captured });
  };
  const reader = new CaptureReader(visit);
  // In one piece: what the visitor is told are offsets in the file.
  reader.push(bytes);
  reader.end();
  return frames.length === 0 ? undefined : { name, bytes, frames };
}

/** mulberry32: 32 bits of state, good enough to choose bytes by. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** An integer, 0 ≤ n < `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  of<T>(choices: readonly T[]): T {
    const chosen = choices[this.below(choices.length)];
    if (chosen === undefined) throw new TypeError('nothing to choose from');
    return chosen;
  }
}

/** Changes bytes where they are. */
type Change = (bytes: Uint8Array, random: Random, frames: readonly Frame[]) => void;

/** Headers of link, IP and TCP with their options lie within this. */
const HEADERS_BYTES = 96;
const RECORD_HEADER_BYTES = 16;
const LONGEST_SPAN = 4096;
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff];

function inHeaders({ start, end }: Frame, random: Random): number {
  return start + random.below(Math.min(HEADERS_BYTES, end - start));
}

function anyOctet(random: Random): number {
  return random.below(2) === 0 ? random.below(256) : random.of(EXTREMES);
}

const flipBit: Change = (bytes, random, frames) => {
  const at = inHeaders(random.of(frames), random);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
};

const setOctet: Change = (bytes, random, frames) => {
  bytes[inHeaders(random.of(frames), random)] = anyOctet(random);
};

const setWord: Change = (bytes, random, frames) => {
  const frame = random.of(frames);
  const at = inHeaders(frame, random);
  bytes.fill(random.of(EXTREMES), at, Math.min(at + random.of([2, 4, 8, 16]), frame.end));
};

/** One frame's headers over another's: packets that are right in the wrong place. */
const copyHeaders: Change = (bytes, random, frames) => {
  const from = random.of(frames);
  const to = random.of(frames);
  const octets = Math.min(HEADERS_BYTES, from.end - from.start, to.end - to.start);
  bytes.copyWithin(to.start, from.start, from.start + random.below(octets + 1));
};

const CHANGES: readonly Change[] = [flipBit, setOctet, setWord, copyHeaders];

/** Breaks what holds the frames: they may end there, or lie elsewhere. */
type Break = (bytes: Uint8Array, random: Random, frames: readonly Frame[]) => Uint8Array;

/** A record's header, or before the first the file's: lengths, times, link types. */
const breakRecord: Break = (bytes, random, frames) => {
  bytes[Math.max(0, random.of(frames).start - 1 - random.below(RECORD_HEADER_BYTES))] = anyOctet(random);
  return bytes;
};

const breakAnywhere: Break = (bytes, random) => {
  bytes[random.below(bytes.length)] = anyOctet(random);
  return bytes;
};

const cut: Break = (bytes, random) => bytes.subarray(0, 1 + random.below(bytes.length));

const removeSpan: Break = (bytes, random) => {
  const from = random.below(bytes.length);
  return joined(bytes.subarray(0, from + 1), bytes.subarray(from + 1 + random.below(LONGEST_SPAN)));
};

const repeatSpan: Break = (bytes, random) => {
  const from = random.below(bytes.length);
  return joined(bytes.subarray(0, from + random.below(LONGEST_SPAN)), bytes.subarray(from));
};

const BREAKS: readonly Break[] = [breakRecord, breakAnywhere, cut, removeSpan, repeatSpan];

const MOST_CHANGES = 64;
/** One capture in so many is broken, too. */
const BROKEN = 4;

/** The capture with one to 64 things wrong in its frames, and now and then around them; the original stays as it is. */
export function mutated({ bytes: original, frames }: Original, random: Random): Uint8Array {
  const bytes = original.slice();
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left--) {
    random.of(CHANGES)(bytes, random, frames);
  }
  return random.below(BROKEN) === 0 ? random.of(BREAKS)(bytes, random, frames) : bytes;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
