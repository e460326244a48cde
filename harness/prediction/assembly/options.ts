import { Segment } from './segment.ts';

/** NOP, NOP, TIMESTAMPS of 10 octets, read as they lie: all that most segments carry (RFC 7323, appendix A). */
export const TIMESTAMPS_ONLY = 0x0a08_0101;
export const TIMESTAMPS_ONLY_HEADER_BYTES = 32;

/** Option kinds. Source: IANA, "TCP Option Kind Numbers". */
const KIND_END = 0;
const KIND_NOP = 1;
const KIND_MSS = 2;
const KIND_WINDOW_SCALE = 3;
const KIND_SACK_PERMITTED = 4;
const KIND_TIMESTAMPS = 8;

/** The TCP options that a SYN usually carries; false when there is another one, or one that cannot be right. */
export function readOptions(start: usize, end: usize): bool {
  let at = start;
  while (at < end) {
    const kind = load<u8>(at);
    if (kind === KIND_END) return true;
    if (kind === KIND_NOP) {
      at += 1;
      continue;
    }
    const length = at + 1 < end ? load<u8>(at, 1) : 0;
    if (length < 2 || length !== usualLength(kind) || at + length > end) return false;
    if (kind === KIND_WINDOW_SCALE) Segment.windowScale = load<u8>(at, 2);
    at += length;
  }
  return true;
}

/** Octets of an option; 0 of one that is none of the usual. */
function usualLength(kind: u8): u8 {
  if (kind === KIND_MSS) return 4;
  if (kind === KIND_WINDOW_SCALE) return 3;
  if (kind === KIND_SACK_PERMITTED) return 2;
  return kind === KIND_TIMESTAMPS ? 10 : 0;
}
