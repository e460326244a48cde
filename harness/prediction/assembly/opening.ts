/** How the three segments that open a connection are taken. */
import { secondsOf } from './clock.ts';
import * as Connection from '../connection.ts';
import * as End from '../end.ts';
import * as Letter from '../letter.ts';
import { MOST_WINDOW_SHIFT } from '../limits.ts';
import { noteLetter } from './letters.ts';
import { seeRoundTrip } from './round-trips.ts';
import { ACK, FIN, isBare, RST, Segment, SYN } from './segment.ts';
import { endOf, sendAny, sendSyn } from './steps.ts';

const CONTROL = SYN | FIN | RST | ACK;

/** Whether the segment is a SYN like most, which a connection that is to be predicted begins with. */
export function isPlainSyn(): bool {
  if ((Segment.flags & CONTROL) !== SYN || !isBare()) return false;
  // An acknowledgment number without ACK is garbage, but the analyzers compare the next one with it.
  if (Segment.acknowledgmentNumber !== 0) return false;
  // The analyzers that follow Wireshark take 0 for "none yet", of numbers as of times.
  return Segment.sequenceNumber + 1 !== 0 && !Segment.isAtEpoch;
}

export function takeSyn(connection: usize, isReused: bool): void {
  store<i32>(connection, Connection.STAGE_SYN, Connection.STAGE);
  store<i32>(connection, isReused ? 1 : 0, Connection.REUSED);
  store<i32>(connection, 0, Connection.LETTERS);
  store<i32>(connection, 0, Connection.HISTORY0);
  store<i32>(connection, 0, Connection.HISTORY1);
  store<f64>(connection, Segment.atNs, Connection.FIRST_AT);
  store<f64>(connection, 0, Connection.BYTES_AFTER_FIN);
  // Of the server no more is read until its SYN,ACK has set the rest.
  store<i32>(endOf(connection, 1), 0, End.PACKETS);
  store<i32>(endOf(connection, 1), 0, End.SEEN);
  sendSyn(connection, 0);
}

/** @returns whether the segment was that; if not, nothing has changed */
export function takeSynAck(connection: usize, side: i32): bool {
  if (side !== 1 || (Segment.flags & CONTROL) !== (SYN | ACK)) return false;
  if (!isBare() || !acknowledges(endOf(connection, 0)) || Segment.sequenceNumber + 1 === 0) return false;
  sendSyn(connection, 1);
  agreeOnScale(connection);
  store<i32>(connection, Connection.STAGE_SYN_ACK, Connection.STAGE);
  store<f64>(connection, Segment.atNs, Connection.SYN_ACK_AT);
  seeRoundTrip(endOf(connection, 0));
  return true;
}

/** The ACK of the SYN,ACK. @returns whether the segment was that; if not, nothing has changed */
export function takeFirstAck(connection: usize, side: i32): bool {
  const client = endOf(connection, 0);
  const server = endOf(connection, 1);
  if (side !== 0 || (Segment.flags & CONTROL) !== ACK || !isBare() || !acknowledges(server)) return false;
  if (Segment.sequenceNumber !== load<i32>(client, End.NXT) || Segment.windowScale !== -1) return false;
  const first = load<f64>(connection, Connection.FIRST_AT);
  // Wireshark would go on to look for a handshake that took no time.
  if (roundsToZero((secondsOf(Segment.atNs) - secondsOf(first)) * 1e9)) return false;
  store<i32>(connection, Connection.STAGE_OPEN, Connection.STAGE);
  store<f64>(connection, Segment.atNs - first, Connection.HANDSHAKE);
  store<i32>(client, Segment.sequenceNumber, End.UNA);
  store<i32>(server, Segment.acknowledgmentNumber, End.UNA);
  sendAny(connection, 0);
  seeRoundTrip(server);
  store<i32>(client, load<i32>(client, End.SEEN) | End.SENT_ACK, End.SEEN);
  noteLetter(connection, Letter.ACK, 0);
  return true;
}

/** All that this end has sent. */
function acknowledges(end: usize): bool {
  return Segment.acknowledgmentNumber === load<i32>(end, End.NXT) && Segment.acknowledgmentNumber !== 0;
}

/** By JavaScript's Math.round. */
function roundsToZero(value: f64): bool {
  return value >= -0.5 && value < 0.5;
}

/** RFC 7323 §2.2: both SYNs carry the option, or nobody scales. */
function agreeOnScale(connection: usize): void {
  const client = load<i32>(connection, Connection.SCALES);
  const server = load<i32>(connection + 4, Connection.SCALES);
  if (client < 0 || server < 0) return;
  store<i32>(endOf(connection, 0), min(client, MOST_WINDOW_SHIFT), End.SHIFT);
  store<i32>(endOf(connection, 1), min(server, MOST_WINDOW_SHIFT), End.SHIFT);
}
