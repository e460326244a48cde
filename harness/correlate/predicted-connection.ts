import { RoundTrips } from './loss-and-delay-round-trips.ts';
import { DOUBLE } from './representation.ts';

/** One end of a {@link PredictedConnection}: what all that it sent amounts to. */
export class PredictedEnd {
  /** Number of its SYN, of the next octet that it is to send, and the acknowledgment field of its latest segment. */
  iss = 0;
  nxt = 0;
  acknowledged = 0;
  /** The highest acknowledgment that has reached it. */
  una = 0;
  packets = 0;
  /** Octets of payload, and of IP as Zeek counts them. */
  bytes: number = DOUBLE;
  ipBytes: number = DOUBLE;
  window = 0;
  /** Its SYN's window scale option; -1 without one. */
  windowScale = 0;
  hasSentAck = false;
  hasSentData = false;
  hasSentFin = false;
  /** The flags of its SYN or, once it has sent one, its FIN; and where that segment began, what it acknowledged, and its frame. */
  controlFlags = 0;
  controlSequence = 0;
  controlAcknowledgment = 0;
  controlFrame = 0;
  /** Whether the other end has acknowledged the FIN. */
  isFinTaken = false;
  finPacket = 0;
  finAckPacket = 0;
  /** Times in ns since the capture's first packet. */
  synNs: number = DOUBLE;
  finNs: number = DOUBLE;
  finAckNs: number = DOUBLE;
  lastNs: number = DOUBLE;
  /** When it last sent what takes sequence space. */
  nxtNs: number = DOUBLE;
  /** The segment that is being timed, if any. */
  isTiming = false;
  timedEnd = 0;
  timedAtSeconds: number = DOUBLE;
  /** Round trips so far. */
  readonly roundTrips: RoundTrips = new RoundTrips();
}

/**
 * A connection all of whose segments were the ones expected next, as harness/prediction holds it: the client
 * sent the first SYN, and nothing was lost, repeated or reset. Everything that the analyzers know of such a
 * connection follows from these fields; each has an `adopt` that says how.
 */
export class PredictedConnection {
  /** The SYN only; the SYN,ACK too; the whole handshake. */
  stage: 1 | 2 | 3 = 1;
  /** Whether these addresses and ports were a connection before. */
  isReused = false;
  firstNs: number = DOUBLE;
  lastNs: number = DOUBLE;
  /** Until both ends had closed: of the second FIN, then. */
  lastOpenNs: number = DOUBLE;
  /** From the SYN to the handshake's last ACK; before stage 3 it means nothing. */
  handshakeNs: number = DOUBLE;
  bytesAfterFirstFin: number = DOUBLE;
  /** Zeek's history as ZeekHistory packs it. */
  letters = 0;
  historyWord0 = 0;
  historyWord1 = 0;
  readonly client: PredictedEnd = new PredictedEnd();
  readonly server: PredictedEnd = new PredictedEnd();

  get packets(): number {
    return this.client.packets + this.server.packets;
  }

  get isOver(): boolean {
    return this.client.isFinTaken && this.server.isFinTaken;
  }
}
