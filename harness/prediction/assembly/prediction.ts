/**
 * Van Jacobson's header prediction, for whoever looks on: of a connection that opened by a handshake, the segment that
 * is expected next, in order and saying something new, moves a few numbers, whatever the analyzers would have made of
 * it. Anything else is not taken: its connection is then handed to the analyzers, and they go on as if they had seen
 * all of it. So a segment is analysed at length only where there is something to find.
 * Source: V. Jacobson, "4BSD TCP Header Prediction", ACM CCR 20(2), 1990.
 */
import * as Connection from '../connection.ts';
import * as End from '../end.ts';
import * as Letter from '../letter.ts';
import { MAX_INITIAL_WINDOW, MAX_UNACKNOWLEDGED } from '../limits.ts';
import { noteLetter } from './letters.ts';
import { takeFirstAck, takeSynAck } from './opening.ts';
import { seeRoundTrip } from './round-trips.ts';
import { ACK, FIN, RST, Segment, SYN } from './segment.ts';
import { acknowledgeFin, endOf, sendAny, sendNew } from './steps.ts';

/** Well before Zeek begins to doubt the capture. */
const MOST_UNACKNOWLEDGED = MAX_UNACKNOWLEDGED / 2;

/**
 * Takes the connection's next segment, if that is the one expected.
 * @param side 0: from who sent the first SYN
 * @returns whether it was taken; if not, nothing has changed
 */
export function predict(connection: usize, side: i32): bool {
  const stage = load<i32>(connection, Connection.STAGE);
  if (stage === Connection.STAGE_OPEN) return takeNext(connection, side);
  return stage === Connection.STAGE_SYN ? takeSynAck(connection, side) : takeFirstAck(connection, side);
}

/** Whether both FINs are acknowledged, so that no more is to come but stragglers. */
export function isOver(connection: usize): bool {
  const client = load<i32>(endOf(connection, 0), End.SEEN);
  const server = load<i32>(endOf(connection, 1), End.SEEN);
  return (client & server & End.FIN_TAKEN) !== 0;
}

/** Whether the segment, a SYN, begins another connection between the same ports. */
export function startsAnother(connection: usize, side: i32): bool {
  if (side === 1 && load<i32>(connection, Connection.STAGE) === Connection.STAGE_SYN) return false;
  return load<i32>(endOf(connection, side), End.ISS) !== Segment.sequenceNumber;
}

function takeNext(connection: usize, side: i32): bool {
  const from = endOf(connection, side);
  const to = endOf(connection, 1 - side);
  const acknowledgmentNumber = Segment.acknowledgmentNumber;
  const payloadBytes = Segment.payloadBytes;
  if ((Segment.flags & (SYN | RST | ACK)) !== ACK || Segment.isOdd || Segment.windowScale !== -1)
    return false;
  if (Segment.sequenceNumber !== load<i32>(from, End.NXT)) return false;
  if (Segment.window === 0 || acknowledgmentNumber === 0) return false;
  const seen = load<i32>(from, End.SEEN);
  const peerSeen = load<i32>(to, End.SEEN);
  const peerNxt = load<i32>(to, End.NXT);
  const fin = Segment.flags & FIN;
  const newlyAcknowledged = acknowledgmentNumber - load<i32>(from, End.ACKNOWLEDGED);
  if (newlyAcknowledged < 0 || peerNxt - acknowledgmentNumber < 0) return false;
  const end = Segment.sequenceNumber + payloadBytes;
  const takesSpace = payloadBytes > 0 || fin === 1;
  if (takesSpace) {
    if ((seen & End.SENT_FIN) !== 0 || end + fin === 0) return false;
    // A FIN that leaves the peer's octets unacknowledged crosses them, or another FIN.
    if (fin === 1 && acknowledgmentNumber !== peerNxt) return false;
    if (payloadBytes > 0 && !fits(to, load<i32>(from, End.ISS), end)) return false;
  } else if (newlyAcknowledged === 0) return false;

  sendAny(connection, side);
  if ((peerSeen & End.TIMING) !== 0) seeRoundTrip(to);
  if ((peerSeen & End.SENT_FIN) !== 0 && acknowledgmentNumber === peerNxt) acknowledgeFin(connection, side);
  if (takesSpace) sendNew(connection, side, fin);
  else if ((seen & End.SENT_ACK) === 0) {
    store<i32>(from, seen | End.SENT_ACK, End.SEEN);
    noteLetter(connection, Letter.ACK, side);
  }
  // A FIN and what it acknowledges are under way until it is acknowledged itself.
  if (fin === 0) store<i32>(to, acknowledgmentNumber, End.UNA);
  return true;
}

/** Whether payload that ends there is nothing special: it does not fill the window, nor leave too much unanswered. */
function fits(to: usize, iss: i32, end: i32): bool {
  if (end === load<i32>(to, End.EDGE)) return false;
  const acknowledged = load<i32>(to, End.ACKNOWLEDGED);
  const outstanding = end - acknowledged;
  // So much payload that the difference of numbers is the wrong way round.
  if (outstanding < 0) return false;
  if (outstanding <= MAX_INITIAL_WINDOW) return true;
  return outstanding <= MOST_UNACKNOWLEDGED && acknowledged !== iss + 1;
}
