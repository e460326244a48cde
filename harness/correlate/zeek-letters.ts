/** Which segments write which letters. Source: Zeek, src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc. */
import { Flag } from '../model/segment.ts';
import { Mark, type ZeekEndpoint } from './zeek-endpoint.ts';
import * as Letter from '../prediction/letter.ts';
import type { ZeekHistory } from './zeek-history.ts';

const LETTER_OF_TROUBLE: readonly number[] = [
  Letter.BAD_CHECKSUM,
  Letter.RETRANSMISSION,
  Letter.ZERO_WINDOW,
  Letter.GAP,
];

/**
 * Writes a segment's letter when it is its sender's first, or a SYN, FIN or RST at another sequence number.
 * @param at the segment's relative sequence number.
 */
export function noteSegment(
  history: ZeekHistory,
  sender: ZeekEndpoint,
  byOriginator: boolean,
  flags: number,
  payloadBytes: number,
  at: number,
): void {
  switch (flags & (Flag.SYN | Flag.FIN | Flag.RST)) {
    case 0:
      if (payloadBytes > 0) noteFirst(history, sender, byOriginator, Letter.DATA, Mark.DATA);
      else if ((flags & Flag.ACK) !== 0) noteFirst(history, sender, byOriginator, Letter.ACK, Mark.ACK);
      break;
    case Flag.SYN: {
      const letter = (flags & Flag.ACK) === 0 ? Letter.SYN : Letter.SYN_ACK;
      const wasSeen = !noteFirst(history, sender, byOriginator, letter, Mark.SYN);
      if (wasSeen && at !== sender.lastSynAt) history.append(letter, byOriginator);
      sender.lastSynAt = at;
      break;
    }
    case Flag.FIN: {
      // A FIN is at the segment's end.
      const finAt = at + payloadBytes;
      const wasSeen = !noteFirst(history, sender, byOriginator, Letter.FIN, Mark.FIN);
      if (wasSeen && finAt !== sender.lastFinAt) history.append(Letter.FIN, byOriginator);
      sender.lastFinAt = finAt;
      break;
    }
    case Flag.RST: {
      const wasSeen = !noteFirst(history, sender, byOriginator, Letter.RST, Mark.RST);
      if (wasSeen && at !== sender.lastRstAt) history.append(Letter.RST, byOriginator);
      sender.lastRstAt = at;
      break;
    }
    case Flag.FIN | Flag.RST:
    case Flag.SYN | Flag.FIN | Flag.RST:
      noteFirst(history, sender, byOriginator, Letter.FIN_WITH_RST, Mark.FIN_WITH_RST);
      break;
    default:
      noteFirst(history, sender, byOriginator, Letter.SYN_WITH_FIN_OR_RST, Mark.SYN_WITH_FIN_OR_RST);
  }
}

/** Counts a {@link Trouble} of the sender's and writes its letter the first, tenth, hundredth, … time. */
export function noteTrouble(
  history: ZeekHistory,
  sender: ZeekEndpoint,
  byOriginator: boolean,
  trouble: number,
): void {
  const count = sender.count(trouble);
  let power = 1;
  while (power < count) power *= 10;
  if (power === count) history.append(LETTER_OF_TROUBLE[trouble] ?? 0, byOriginator);
}

/** False when there was one before. */
function noteFirst(
  history: ZeekHistory,
  sender: ZeekEndpoint,
  byOriginator: boolean,
  letter: number,
  mark: number,
): boolean {
  if (sender.is(mark)) return false;
  sender.marks |= mark;
  history.append(letter, byOriginator);
  return true;
}
