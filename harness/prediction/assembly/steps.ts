/** What segments that were expected change, once they have been taken. */
import { secondsOf } from './clock.ts';
import * as Connection from '../connection.ts';
import * as End from '../end.ts';
import * as Letter from '../letter.ts';
import { noteLetter } from './letters.ts';
import { Segment } from './segment.ts';

/** @param side 0: that of who sent the first SYN */
export function endOf(connection: usize, side: i32): usize {
  return connection + Connection.ENDS + (side as usize) * Connection.END_BYTES;
}

/** A SYN or SYN,ACK: what it tells of its sender. */
export function sendSyn(connection: usize, side: i32): void {
  const end = endOf(connection, side);
  const nxt = Segment.sequenceNumber + 1;
  store<i32>(connection + ((side as usize) << 2), Segment.windowScale, Connection.SCALES);
  store<i32>(end, Segment.sequenceNumber, End.ISS);
  store<i32>(end, nxt, End.NXT);
  store<i32>(end, Segment.acknowledgmentNumber, End.ACKNOWLEDGED);
  store<i32>(end, Segment.sequenceNumber, End.UNA);
  store<i32>(end, 1, End.PACKETS);
  store<i32>(end, End.TIMING, End.SEEN);
  store<i32>(end, Segment.window, End.WINDOW);
  store<i32>(end, 0, End.SHIFT);
  // The window in a SYN is never scaled (RFC 7323 §2.2).
  store<i32>(end, Segment.acknowledgmentNumber + Segment.window, End.EDGE);
  store<i32>(end, nxt, End.TIMED_END);
  store<i32>(end, 0, End.ROUND_TRIPS);
  store<f64>(end, 0, End.BYTES);
  store<f64>(end, Segment.ipBytes, End.IP_BYTES);
  store<f64>(end, Segment.atNs, End.LAST_AT);
  store<f64>(end, Segment.atNs, End.NXT_AT);
  store<f64>(end, secondsOf(Segment.atNs), End.TIMED_AT);
  store<f64>(connection, Segment.atNs, Connection.LAST_AT);
  store<f64>(connection, Segment.atNs, Connection.LAST_OPEN_AT);
  noteControl(end);
  noteLetter(connection, side === 0 ? Letter.SYN : Letter.SYN_ACK, side);
}

/** What every segment tells of its sender. */
export function sendAny(connection: usize, side: i32): void {
  const end = endOf(connection, side);
  const window = Segment.window << load<i32>(end, End.SHIFT);
  store<i32>(end, load<i32>(end, End.PACKETS) + 1, End.PACKETS);
  store<i32>(end, Segment.acknowledgmentNumber, End.ACKNOWLEDGED);
  store<i32>(end, Segment.window, End.WINDOW);
  store<i32>(end, Segment.acknowledgmentNumber + window, End.EDGE);
  store<f64>(end, Segment.atNs, End.LAST_AT);
  store<f64>(end, load<f64>(end, End.IP_BYTES) + (Segment.ipBytes as f64), End.IP_BYTES);
  store<f64>(connection, Segment.atNs, Connection.LAST_AT);
  if (!bothSentFin(connection)) store<f64>(connection, Segment.atNs, Connection.LAST_OPEN_AT);
}

/**
 * What takes sequence space.
 * @param fin 1 with a FIN
 */
export function sendNew(connection: usize, side: i32, fin: i32): void {
  const end = endOf(connection, side);
  const nxt = Segment.sequenceNumber + Segment.payloadBytes + fin;
  let seen = load<i32>(end, End.SEEN);
  store<i32>(end, nxt, End.NXT);
  store<f64>(end, Segment.atNs, End.NXT_AT);
  store<f64>(end, load<f64>(end, End.BYTES) + (Segment.payloadBytes as f64), End.BYTES);
  if ((seen & End.TIMING) === 0) {
    seen |= End.TIMING;
    store<i32>(end, nxt, End.TIMED_END);
    store<f64>(end, secondsOf(Segment.atNs), End.TIMED_AT);
  }
  if (fin === 1) {
    seen |= End.SENT_FIN;
    store<i32>(end, packetsOf(connection), End.FIN_PACKET);
    store<f64>(end, Segment.atNs, End.FIN_AT);
    noteControl(end);
    noteLetter(connection, Letter.FIN, side);
  } else if ((seen & End.SENT_DATA) === 0) {
    seen |= End.SENT_DATA;
    noteLetter(connection, Letter.DATA, side);
  }
  store<i32>(end, seen, End.SEEN);
}

/** The other side's FIN is acknowledged, for the first time or again. */
export function acknowledgeFin(connection: usize, side: i32): void {
  const from = endOf(connection, side);
  const to = endOf(connection, 1 - side);
  const seen = load<i32>(to, End.SEEN);
  if ((seen & End.FIN_TAKEN) === 0) {
    store<i32>(to, seen | End.FIN_TAKEN, End.SEEN);
    store<i32>(to, packetsOf(connection), End.FIN_ACK_PACKET);
    store<f64>(to, Segment.atNs, End.FIN_ACK_AT);
    // Only now is it known to have arrived, with what it acknowledged.
    const told = load<i32>(to, End.CONTROL_ACKNOWLEDGMENT);
    if (told - load<i32>(from, End.UNA) > 0) store<i32>(from, told, End.UNA);
  }
  const closesFirst =
    (load<i32>(from, End.SEEN) & End.SENT_FIN) === 0 ||
    load<i32>(to, End.FIN_PACKET) < load<i32>(from, End.FIN_PACKET);
  if (!closesFirst) return;
  const bytes = load<f64>(connection, Connection.BYTES_AFTER_FIN) + (Segment.payloadBytes as f64);
  store<f64>(connection, bytes, Connection.BYTES_AFTER_FIN);
}

/** The segment is its sender's SYN or FIN. */
function noteControl(end: usize): void {
  store<i32>(end, Segment.flags, End.CONTROL_FLAGS);
  store<i32>(end, Segment.sequenceNumber, End.CONTROL_SEQUENCE);
  store<i32>(end, Segment.acknowledgmentNumber, End.CONTROL_ACKNOWLEDGMENT);
  store<i32>(end, Segment.frame, End.CONTROL_FRAME);
}

function bothSentFin(connection: usize): bool {
  const client = load<i32>(endOf(connection, 0), End.SEEN);
  const server = load<i32>(endOf(connection, 1), End.SEEN);
  return (client & server & End.SENT_FIN) !== 0;
}

function packetsOf(connection: usize): i32 {
  return load<i32>(endOf(connection, 0), End.PACKETS) + load<i32>(endOf(connection, 1), End.PACKETS);
}
