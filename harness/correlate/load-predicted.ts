/** From HeaderPrediction's arrays to objects that the analyzers read. */
import type { RoundTrips } from './loss-and-delay-round-trips.ts';
import type { PredictedConnection, PredictedEnd } from './predicted-connection.ts';
import {
  Double,
  End,
  END_DOUBLES,
  END_WORDS,
  EndDouble,
  FIRST_DOUBLE,
  Seen,
  STRIDE,
  Word,
} from './prediction-layout.ts';

export function loadConnection(
  words: Int32Array,
  doubles: Float64Array,
  slot: number,
  into: PredictedConnection,
): void {
  const base = slot * STRIDE * 2;
  const at = slot * STRIDE + FIRST_DOUBLE;
  into.stage = (words[base + Word.STAGE] ?? 1) as 1 | 2 | 3;
  into.isReused = words[base + Word.REUSED] === 1;
  into.letters = words[base + Word.LETTERS] ?? 0;
  into.historyWord0 = words[base + Word.HISTORY0] ?? 0;
  into.historyWord1 = words[base + Word.HISTORY1] ?? 0;
  into.firstNs = doubles[at + Double.FIRST] ?? 0;
  into.lastNs = doubles[at + Double.LAST] ?? 0;
  into.lastOpenNs = doubles[at + Double.LAST_OPEN] ?? 0;
  into.handshakeNs = doubles[at + Double.HANDSHAKE] ?? 0;
  into.bytesAfterFirstFin = doubles[at + Double.AFTER_FIN] ?? 0;
  loadEnd(words, doubles, slot, 0, into.client);
  loadEnd(words, doubles, slot, 1, into.server);
  into.client.synNs = into.firstNs;
  into.server.synNs = doubles[at + Double.SYN_ACK] ?? 0;
}

/** A side's first samples, which are kept as their least, greatest and sum. */
export function loadRoundTrips(
  doubles: Float64Array,
  slot: number,
  side: number,
  samples: number,
  into: RoundTrips,
): void {
  const at = slot * STRIDE + FIRST_DOUBLE + Double.ENDS + side * END_DOUBLES;
  // Of none, the doubles are an earlier connection's.
  if (samples === 0) into.reset();
  else
    into.begin(
      samples,
      doubles[at + EndDouble.ROUND_TRIP_MIN] ?? 0,
      doubles[at + EndDouble.ROUND_TRIP_MAX] ?? 0,
      doubles[at + EndDouble.ROUND_TRIP_SUM] ?? 0,
    );
}

function loadEnd(
  words: Int32Array,
  doubles: Float64Array,
  slot: number,
  side: number,
  into: PredictedEnd,
): void {
  const end = slot * STRIDE * 2 + Word.ENDS + side * END_WORDS;
  const at = slot * STRIDE + FIRST_DOUBLE + Double.ENDS + side * END_DOUBLES;
  const seen = words[end + End.SEEN] ?? 0;
  into.packets = words[end + End.PACKETS] ?? 0;
  into.hasSentAck = (seen & Seen.ACK) !== 0;
  into.hasSentData = (seen & Seen.DATA) !== 0;
  into.hasSentFin = (seen & Seen.FIN) !== 0;
  into.isFinTaken = (seen & Seen.FIN_TAKEN) !== 0;
  into.isTiming = (seen & Seen.TIMING) !== 0;
  into.windowScale = words[slot * STRIDE * 2 + Word.SCALES + side] ?? -1;
  into.iss = words[end + End.ISS] ?? 0;
  into.nxt = words[end + End.NXT] ?? 0;
  into.acknowledged = words[end + End.ACKNOWLEDGED] ?? 0;
  into.una = words[end + End.UNA] ?? 0;
  into.window = words[end + End.WINDOW] ?? 0;
  into.timedEnd = words[end + End.TIMED_END] ?? 0;
  into.finPacket = words[end + End.FIN_PACKET] ?? 0;
  into.finAckPacket = words[end + End.FIN_ACK_PACKET] ?? 0;
  into.controlFlags = words[end + End.CONTROL_FLAGS] ?? 0;
  into.controlSequence = words[end + End.CONTROL_SEQUENCE] ?? 0;
  into.controlFrame = words[end + End.CONTROL_FRAME] ?? 0;
  into.controlAcknowledgment = words[end + End.CONTROL_ACKNOWLEDGMENT] ?? 0;
  into.bytes = into.packets === 0 ? 0 : (doubles[at + EndDouble.BYTES] ?? 0);
  into.ipBytes = doubles[at + EndDouble.IP_BYTES] ?? 0;
  into.lastNs = doubles[at + EndDouble.LAST] ?? 0;
  into.nxtNs = doubles[at + EndDouble.NXT_AT] ?? 0;
  into.timedAtSeconds = doubles[at + EndDouble.TIMED_AT] ?? 0;
  into.finNs = doubles[at + EndDouble.FIN] ?? 0;
  into.finAckNs = doubles[at + EndDouble.FIN_ACK] ?? 0;
  const samples = into.packets === 0 ? 0 : (words[end + End.ROUND_TRIPS] ?? 0);
  loadRoundTrips(doubles, slot, side, samples, into.roundTrips);
}
