/** Which segments write which letters. Source: Zeek, src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc. */
import { Flag } from '../model/segment.ts';
import { Seen, type ZeekEndpoint } from './zeek-endpoint.ts';
import { Letter, type ZeekHistory } from './zeek-history.ts';

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
      if (payloadBytes > 0) noteFirst(history, sender, byOriginator, Letter.DATA, Seen.DATA);
      else if ((flags & Flag.ACK) !== 0) noteFirst(history, sender, byOriginator, Letter.ACK, Seen.ACK);
      break;
    case Flag.SYN: {
      const letter = (flags & Flag.ACK) === 0 ? Letter.SYN : Letter.SYN_ACK;
      const wasSeen = !noteFirst(history, sender, byOriginator, letter, Seen.SYN);
      if (wasSeen && at !== sender.lastSynAt) history.append(letter, byOriginator);
      sender.lastSynAt = at;
      break;
    }
    case Flag.FIN: {
      // A FIN is at the segment's end.
      const finAt = at + payloadBytes;
      const wasSeen = !noteFirst(history, sender, byOriginator, Letter.FIN, Seen.FIN);
      if (wasSeen && finAt !== sender.lastFinAt) history.append(Letter.FIN, byOriginator);
      sender.lastFinAt = finAt;
      break;
    }
    case Flag.RST: {
      const wasSeen = !noteFirst(history, sender, byOriginator, Letter.RST, Seen.RST);
      if (wasSeen && at !== sender.lastRstAt) history.append(Letter.RST, byOriginator);
      sender.lastRstAt = at;
      break;
    }
    case Flag.FIN | Flag.RST:
    case Flag.SYN | Flag.FIN | Flag.RST:
      noteFirst(history, sender, byOriginator, Letter.FIN_WITH_RST, Seen.FIN_RST);
      break;
    default:
      noteFirst(history, sender, byOriginator, Letter.SYN_WITH_FIN_OR_RST, Seen.MIXED);
  }
}

/** Writes a letter the first, tenth, hundredth, … time of what it stands for. */
export function noteScaled(history: ZeekHistory, byOriginator: boolean, letter: number, count: number): void {
  let power = 1;
  while (power < count) power *= 10;
  if (power === count) history.append(letter, byOriginator);
}

/** False when there was one before. */
function noteFirst(
  history: ZeekHistory,
  sender: ZeekEndpoint,
  byOriginator: boolean,
  letter: number,
  seen: number,
): boolean {
  if ((sender.seen & seen) !== 0) return false;
  sender.seen |= seen;
  history.append(letter, byOriginator);
  return true;
}
