/** Reads what the assembly keeps of a connection. */
import * as At from '../prediction/connection.ts';
import * as EndAt from '../prediction/end.ts';
import type { RoundTrips } from './loss-and-delay-round-trips.ts';
import type { PredictedConnection, PredictedEnd } from './predicted-connection.ts';

/** @param connection where it lies in the memory that words and doubles are views of, in octets */
export function loadConnection(
  words: Int32Array,
  doubles: Float64Array,
  connection: number,
  into: PredictedConnection,
): void {
  const { client, server } = into;
  const word = connection >>> 2;
  const double = connection >>> 3;
  into.stage = (words[word + At.STAGE / 4] ?? 1) as 1 | 2 | 3;
  into.isReused = words[word + At.REUSED / 4] === 1;
  into.letters = words[word + At.LETTERS / 4] ?? 0;
  into.historyWord0 = words[word + At.HISTORY0 / 4] ?? 0;
  into.historyWord1 = words[word + At.HISTORY1 / 4] ?? 0;
  into.firstNs = doubles[double + At.FIRST_AT / 8] ?? 0;
  into.lastNs = doubles[double + At.LAST_AT / 8] ?? 0;
  into.lastOpenNs = doubles[double + At.LAST_OPEN_AT / 8] ?? 0;
  into.handshakeNs = doubles[double + At.HANDSHAKE / 8] ?? 0;
  into.bytesAfterFirstFin = doubles[double + At.BYTES_AFTER_FIN / 8] ?? 0;
  client.windowScale = words[word + At.SCALES / 4] ?? -1;
  server.windowScale = words[word + At.SCALES / 4 + 1] ?? -1;
  loadEnd(words, doubles, connection + At.ENDS, client);
  loadEnd(words, doubles, connection + At.ENDS + At.END_BYTES, server);
  client.synNs = into.firstNs;
  server.synNs = doubles[double + At.SYN_ACK_AT / 8] ?? 0;
}

/** An end's first samples, which are kept as their least, greatest and sum. */
export function loadRoundTrips(doubles: Float64Array, end: number, samples: number, into: RoundTrips): void {
  const double = end >>> 3;
  // Of none, the doubles are an earlier connection's.
  if (samples === 0) into.reset();
  else
    into.begin(
      samples,
      doubles[double + EndAt.ROUND_TRIP_MIN / 8] ?? 0,
      doubles[double + EndAt.ROUND_TRIP_MAX / 8] ?? 0,
      doubles[double + EndAt.ROUND_TRIP_SUM / 8] ?? 0,
    );
}

function loadEnd(words: Int32Array, doubles: Float64Array, end: number, into: PredictedEnd): void {
  const word = end >>> 2;
  const double = end >>> 3;
  const seen = words[word + EndAt.SEEN / 4] ?? 0;
  into.packets = words[word + EndAt.PACKETS / 4] ?? 0;
  into.hasSentAck = (seen & EndAt.SENT_ACK) !== 0;
  into.hasSentData = (seen & EndAt.SENT_DATA) !== 0;
  into.hasSentFin = (seen & EndAt.SENT_FIN) !== 0;
  into.isFinTaken = (seen & EndAt.FIN_TAKEN) !== 0;
  into.isTiming = (seen & EndAt.TIMING) !== 0;
  into.iss = words[word + EndAt.ISS / 4] ?? 0;
  into.nxt = words[word + EndAt.NXT / 4] ?? 0;
  into.acknowledged = words[word + EndAt.ACKNOWLEDGED / 4] ?? 0;
  into.una = words[word + EndAt.UNA / 4] ?? 0;
  into.window = words[word + EndAt.WINDOW / 4] ?? 0;
  into.timedEnd = words[word + EndAt.TIMED_END / 4] ?? 0;
  into.finPacket = words[word + EndAt.FIN_PACKET / 4] ?? 0;
  into.finAckPacket = words[word + EndAt.FIN_ACK_PACKET / 4] ?? 0;
  into.controlFlags = words[word + EndAt.CONTROL_FLAGS / 4] ?? 0;
  into.controlSequence = words[word + EndAt.CONTROL_SEQUENCE / 4] ?? 0;
  into.controlFrame = words[word + EndAt.CONTROL_FRAME / 4] ?? 0;
  into.controlAcknowledgment = words[word + EndAt.CONTROL_ACKNOWLEDGMENT / 4] ?? 0;
  into.bytes = into.packets === 0 ? 0 : (doubles[double + EndAt.BYTES / 8] ?? 0);
  into.ipBytes = doubles[double + EndAt.IP_BYTES / 8] ?? 0;
  into.lastNs = doubles[double + EndAt.LAST_AT / 8] ?? 0;
  into.nxtNs = doubles[double + EndAt.NXT_AT / 8] ?? 0;
  into.timedAtSeconds = doubles[double + EndAt.TIMED_AT / 8] ?? 0;
  into.finNs = doubles[double + EndAt.FIN_AT / 8] ?? 0;
  into.finAckNs = doubles[double + EndAt.FIN_ACK_AT / 8] ?? 0;
  const samples = into.packets === 0 ? 0 : (words[word + EndAt.ROUND_TRIPS / 4] ?? 0);
  loadRoundTrips(doubles, end, samples, into.roundTrips);
}
