import type { TcpOptions } from '../model/segment.ts';
import { u8, u16, u32 } from './big-endian.ts';
import type { DecodeIssue } from './decode-issue.ts';

/** Option kinds. Source: IANA, "TCP Option Kind Numbers". */
const Kind = { END: 0, NOP: 1, MSS: 2, WINDOW_SCALE: 3, SACK_PERMITTED: 4, SACK: 5, TIMESTAMPS: 8 } as const;

const SACK_BLOCK_BYTES = 8;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The options between `start` and `end`, as far as captured. Unknown kinds are stepped over; one that cannot be
 * right ends the walk with an issue, and those before it are kept.
 */
export function decodeTcpOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
): { options: TcpOptions; issue?: DecodeIssue } {
  const options: Mutable<TcpOptions> = {};
  const stop = (offset: number, problem: string): { options: TcpOptions; issue: DecodeIssue } => ({
    options,
    issue: { layer: 'tcp-options', offset, problem },
  });
  let at = start;
  while (at < end) {
    if (at >= bytes.length) return stop(at, `${at - start} of ${end - start} option bytes captured`);
    const kind = u8(bytes, at);
    if (kind === Kind.END) break;
    if (kind === Kind.NOP) {
      at += 1;
      continue;
    }
    if (at + 1 >= end) return stop(at, `option ${kind} has no length`);
    if (at + 1 >= bytes.length) return stop(at, `option ${kind} is not wholly captured`);
    const length = u8(bytes, at + 1);
    if (length < 2) return stop(at, `option ${kind} says length ${length}`);
    if (at + length > end) return stop(at, `option ${kind} of ${length} bytes runs past the header`);
    if (at + length > bytes.length) return stop(at, `option ${kind} is not wholly captured`);
    if (!readOption(options, kind, bytes, at, length)) {
      return stop(at, `option ${kind} says length ${length}`);
    }
    at += length;
  }
  return { options };
}

/** False when the length is none that this kind can have. */
function readOption(
  into: Mutable<TcpOptions>,
  kind: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): boolean {
  const value = at + 2;
  switch (kind) {
    case Kind.MSS:
      if (length !== 4) return false;
      into.mss = u16(bytes, value);
      return true;
    case Kind.WINDOW_SCALE:
      if (length !== 3) return false;
      into.windowScale = u8(bytes, value);
      return true;
    case Kind.SACK_PERMITTED:
      if (length !== 2) return false;
      into.sackPermitted = true;
      return true;
    case Kind.SACK:
      if ((length - 2) % SACK_BLOCK_BYTES !== 0) return false;
      into.sackBlocks = readSackBlocks(bytes, value, (length - 2) / SACK_BLOCK_BYTES);
      return true;
    case Kind.TIMESTAMPS:
      if (length !== 10) return false;
      into.timestamps = { value: u32(bytes, value), echoReply: u32(bytes, value + 4) };
      return true;
    default:
      return true;
  }
}

function readSackBlocks(bytes: Uint8Array, start: number, count: number): [left: number, right: number][] {
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * SACK_BLOCK_BYTES;
    return [u32(bytes, at), u32(bytes, at + 4)];
  });
}
