import type { Packet } from '../model/packet.ts';
import { i32, u8, u16 } from './big-endian.ts';
import { Problem } from './decode-issue.ts';
import type { Decoding } from './decoding.ts';

/** Option kinds. Source: IANA, "TCP Option Kind Numbers". */
const Kind = {
  END: 0,
  NOP: 1,
  MSS: 2,
  WINDOW_SCALE: 3,
  SACK_PERMITTED: 4,
  SACK: 5,
  TIMESTAMPS: 8,
  FAST_OPEN: 34,
  EXPERIMENT_1: 253,
  EXPERIMENT_2: 254,
} as const;

const SACK_BLOCK_BYTES = 8;
/** The experiment's identifier. Source: RFC 7413, appendix A; RFC 6994. */
const FAST_OPEN_EXPERIMENT = 0xf989;

/**
 * The options between `start` and `end`, as far as captured. Unknown kinds are stepped over; one that cannot be
 * right ends the walk with an issue, and those before it are kept.
 */
export function decodeTcpOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
  packet: Packet,
  decoding: Decoding,
): void {
  const capturedEnd = decoding.end;
  const stop = decoding;
  let at = start;
  while (at < end) {
    if (at >= capturedEnd) {
      stop.note('tcp-options', at, Problem.OPTIONS_CUT, at - start, end - start);
      return;
    }
    const kind = u8(bytes, at);
    if (kind === Kind.END) return;
    if (kind === Kind.NOP) {
      at += 1;
      continue;
    }
    const problem = lengthProblem(bytes, at, end, capturedEnd);
    const length = at + 1 < capturedEnd ? u8(bytes, at + 1) : 0;
    if (problem !== Problem.NONE) {
      stop.note('tcp-options', at, problem, kind, length);
      return;
    }
    if (!readOption(bytes, at, length, packet)) {
      stop.note('tcp-options', at, Problem.OPTION_LENGTH, kind, length);
      return;
    }
    at += length;
  }
}

function lengthProblem(bytes: Uint8Array, at: number, end: number, capturedEnd: number): Problem {
  if (at + 1 >= end) return Problem.OPTION_WITHOUT_LENGTH;
  if (at + 1 >= capturedEnd) return Problem.OPTION_CUT;
  const length = u8(bytes, at + 1);
  if (length < 2) return Problem.OPTION_LENGTH;
  if (at + length > end) return Problem.OPTION_BEYOND_HEADER;
  return at + length > capturedEnd ? Problem.OPTION_CUT : Problem.NONE;
}

/** False when the length is none that this kind can have. */
function readOption(bytes: Uint8Array, at: number, length: number, packet: Packet): boolean {
  const value = at + 2;
  switch (u8(bytes, at)) {
    case Kind.MSS:
      if (length !== 4) return false;
      packet.mss = u16(bytes, value);
      return true;
    case Kind.WINDOW_SCALE:
      if (length !== 3) return false;
      packet.windowScale = u8(bytes, value);
      return true;
    case Kind.SACK_PERMITTED:
      if (length !== 2) return false;
      packet.sackPermitted = 1;
      return true;
    case Kind.SACK:
      return readSackBlocks(bytes, value, length - 2, packet);
    case Kind.TIMESTAMPS:
      if (length !== 10) return false;
      packet.hasTimestamps = 1;
      packet.timestampValue = i32(bytes, value);
      packet.timestampEcho = i32(bytes, value + 4);
      return true;
    case Kind.FAST_OPEN:
      packet.fastOpen = 1;
      return true;
    case Kind.EXPERIMENT_1:
    case Kind.EXPERIMENT_2:
      if (length >= 4 && u16(bytes, value) === FAST_OPEN_EXPERIMENT) packet.fastOpen = 1;
      return true;
    default:
      return true;
  }
}

/** A header has room for 38 octets of them: four blocks. */
function readSackBlocks(bytes: Uint8Array, start: number, octets: number, packet: Packet): boolean {
  if (octets % SACK_BLOCK_BYTES !== 0) return false;
  packet.sackBlockCount = octets / SACK_BLOCK_BYTES;
  for (let edge = 0; edge < packet.sackBlockCount * 2; edge++) {
    packet.sackEdges[edge] = i32(bytes, start + edge * 4);
  }
  return true;
}
