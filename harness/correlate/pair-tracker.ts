import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { TcpState } from '../model/tcp-state.ts';
import type { PredictedConnection, PredictedEnd } from './predicted-connection.ts';
import { EndpointTracker, type TrackedFields } from './endpoint-tracker.ts';

/** A SYN or FIN of which nothing tells yet that its receiver has it. */
interface UnderWay {
  /** 0 when there is none. */
  flags: number;
  sequenceNumber: number;
  acknowledgmentNumber: number;
  payloadBytes: number;
  /** The number that acknowledges it. */
  end: number;
}

/** More kinds of anomaly than a person would read; what an attacker could cause ends here. */
const MOST_ANOMALIES = 32;

/** Filled and emptied within one call. */
const SCRATCH: string[] = [];

/** Shared by all connections that have none. Never written. */
const NO_ANOMALIES = new Set<string>();

/**
 * Follows both ends of a connection while its packets come, without looking ahead. A SYN or FIN counts as received
 * once the other end has acknowledged it, or has sent one of its own that does not: the two crossed. Used again after
 * {@link begin}.
 */
export class PairTracker {
  #anomalies = NO_ANOMALIES;
  readonly #client = new EndpointTracker('CLOSED');
  readonly #server = new EndpointTracker('CLOSED');
  #answered = false;
  readonly #fromClient = none();
  readonly #fromServer = none();

  /** Forgets everything. @param first the connection's first segment, which the next {@link see} is to take */
  begin(first: TrackedFields, firstFromClient: boolean): void {
    const kind = first.flags & (Flag.SYN | Flag.ACK | Flag.RST);
    const opens = kind === Flag.SYN;
    this.#anomalies = NO_ANOMALIES;
    this.#answered = !opens;
    this.#fromClient.flags = 0;
    this.#fromServer.flags = 0;
    if (opens && firstFromClient) {
      this.#client.reset('CLOSED');
      this.#server.reset('LISTEN');
    } else if (kind === (Flag.SYN | Flag.ACK) && !firstFromClient) {
      this.#client.reset('SYN-SENT');
      this.#server.reset('SYN-RECEIVED');
    } else {
      const midstream = (first.flags & Flag.RST) === 0 ? 'ESTABLISHED' : 'CLOSED';
      this.#client.reset(midstream);
      this.#server.reset(midstream);
    }
  }

  /** Goes on from what was predicted: the client opened, and its peer listened. */
  adopt({ stage, client, server }: PredictedConnection): void {
    this.#anomalies = NO_ANOMALIES;
    this.#answered = stage > 1;
    this.#client.adopt(stateOf(stage, client, server, true), client, stage === 3 ? server : undefined);
    this.#server.adopt(stateOf(stage, server, client, false), server, stage > 1 ? client : undefined);
    this.#fromClient.flags = 0;
    this.#fromServer.flags = 0;
    if (stage === 1 || (client.hasSentFin && !client.isFinTaken)) departAgain(this.#fromClient, client);
    if (stage === 2 || (server.hasSentFin && !server.isFinTaken)) departAgain(this.#fromServer, server);
  }

  /** In words, each once. */
  get anomalies(): ReadonlySet<string> {
    return this.#anomalies;
  }

  get clientState(): TcpState {
    return this.#client.state;
  }

  get serverState(): TcpState {
    return this.#server.state;
  }

  /** Octets that this end has sent and nobody has acknowledged. */
  unacknowledged(ofClient: boolean): number {
    return (ofClient ? this.#client : this.#server).unacknowledged;
  }

  /** @returns whether all its sequence space had been sent before */
  see(fields: TrackedFields, fromClient: boolean): boolean {
    const { flags, payloadBytes } = fields;
    const sequence = fields.sequenceNumber | 0;
    const acknowledgment = fields.acknowledgmentNumber | 0;
    if (!fromClient && !this.#answered) this.#learnFromAnswer(flags);
    const from = fromClient ? this.#client : this.#server;
    const to = fromClient ? this.#server : this.#client;
    const toward = fromClient ? this.#fromServer : this.#fromClient;
    const scratch = SCRATCH;
    let crossed = false;
    if (toward.flags !== 0) {
      // A RST, too, answers what came before it.
      const isReset = (flags & Flag.RST) !== 0;
      const acknowledges = (flags & Flag.ACK) !== 0 && seqDistance(toward.end, acknowledgment) >= 0;
      if (isReset || acknowledges) this.#arrive(toward, from);
      else crossed = (flags & toward.flags & (Flag.SYN | Flag.FIN)) !== 0;
    }
    const retransmission = from.send(flags, sequence, acknowledgment, payloadBytes, scratch);
    if (crossed) this.#arrive(toward, from);
    const slot = fromClient ? this.#fromClient : this.#fromServer;
    const isControl = (flags & (Flag.SYN | Flag.FIN)) !== 0 && (flags & Flag.RST) === 0;
    if (isControl && !retransmission) {
      // An earlier one is still under way: a SYN, with this FIN behind it. They arrive in order.
      if (slot.flags !== 0) this.#arrive(slot, to);
      depart(slot, flags, sequence, acknowledgment, payloadBytes);
    } else if (slot.flags === 0 || slot.flags !== flags || slot.sequenceNumber !== sequence) {
      // Who goes on after its SYN knows that it arrived, and a RST is numbered as if all before it had.
      if (((slot.flags & Flag.SYN) | (flags & Flag.RST)) !== 0) this.#arrive(slot, to);
      to.receive(flags, sequence, acknowledgment, payloadBytes, scratch);
    }
    if (scratch.length > 0) this.#note();
    return retransmission;
  }

  /** No more packets: what was under way is taken to have arrived. */
  finish(): void {
    this.#arrive(this.#fromClient, this.#server);
    this.#arrive(this.#fromServer, this.#client);
    this.#note();
  }

  /** Who answers a SYN by a RST did not listen; who sends a SYN of its own opened actively, too. */
  #learnFromAnswer(flags: number): void {
    this.#answered = true;
    const listened = (flags & Flag.RST) === 0 && (flags & (Flag.SYN | Flag.ACK)) !== Flag.SYN;
    if (!listened) this.#server.reset('CLOSED');
  }

  #arrive(slot: UnderWay, at: EndpointTracker): void {
    if (slot.flags === 0) return;
    const { flags, sequenceNumber, acknowledgmentNumber, payloadBytes } = slot;
    at.receive(flags, sequenceNumber, acknowledgmentNumber, payloadBytes, SCRATCH);
    slot.flags = 0;
  }

  #note(): void {
    for (const anomaly of SCRATCH) {
      if (this.#anomalies === NO_ANOMALIES) this.#anomalies = new Set();
      if (this.#anomalies.size < MOST_ANOMALIES) this.#anomalies.add(anomaly);
    }
    SCRATCH.length = 0;
  }
}

/** A predicted end's: what it sent, and what of the other's has arrived, tell. */
function stateOf(stage: number, own: PredictedEnd, peer: PredictedEnd, isClient: boolean): TcpState {
  if (stage < 3) return isClient ? 'SYN-SENT' : stage === 1 ? 'LISTEN' : 'SYN-RECEIVED';
  if (!own.hasSentFin) return peer.isFinTaken ? 'CLOSE-WAIT' : 'ESTABLISHED';
  const isFirst = !peer.hasSentFin || own.finPacket < peer.finPacket;
  if (!isFirst) return own.isFinTaken ? 'CLOSED' : 'LAST-ACK';
  if (peer.isFinTaken) return 'TIME-WAIT';
  return own.una === own.nxt ? 'FIN-WAIT-2' : 'FIN-WAIT-1';
}

function departAgain(slot: UnderWay, end: PredictedEnd): void {
  const { controlFlags, controlSequence, controlAcknowledgment, nxt } = end;
  const controls = 1;
  const payloadBytes = seqDistance(controlSequence, nxt) - controls;
  depart(slot, controlFlags, controlSequence, controlAcknowledgment, payloadBytes);
}

function none(): UnderWay {
  return { flags: 0, sequenceNumber: 0, acknowledgmentNumber: 0, payloadBytes: 0, end: 0 };
}

/** Puts a SYN or FIN under way. */
function depart(
  slot: UnderWay,
  flags: number,
  sequenceNumber: number,
  acknowledgmentNumber: number,
  payloadBytes: number,
): void {
  const controls = ((flags & Flag.SYN) === 0 ? 0 : 1) + ((flags & Flag.FIN) === 0 ? 0 : 1);
  slot.flags = flags;
  slot.sequenceNumber = sequenceNumber;
  slot.acknowledgmentNumber = acknowledgmentNumber;
  slot.payloadBytes = payloadBytes;
  slot.end = (sequenceNumber + payloadBytes + controls) | 0;
}
