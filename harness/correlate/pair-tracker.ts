import type { Anomaly } from '../model/anomaly.ts';
import { Flag } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { AnomalyLog } from './anomaly-log.ts';
import { receiveSegment } from './endpoint-receiving.ts';
import { sendSegment } from './endpoint-sending.ts';
import type { FollowedFields, TrackedFields } from './endpoint-tracker.ts';
import type { PredictedConnection, PredictedEnd } from './predicted-connection.ts';
import { TrackedEndpoint } from './tracked-endpoint.ts';
import { depart, departAgain, isCopyOf, nothingUnderWay, type UnderWay } from './under-way.ts';

/** Filled and emptied within one call. */
const SCRATCH: string[] = [];

/**
 * Follows both ends of a connection while its packets come, without looking ahead. A SYN or FIN counts as received
 * once the other end has acknowledged it, or has sent one of its own that does not: the two crossed. A RST that its
 * receiver refuses ends the connection only if its sender says nothing more: one that was forged, or came late, has
 * ended nothing. Used again after {@link begin}.
 */
export class PairTracker {
  readonly #anomalies = new AnomalyLog();
  readonly #client = new TrackedEndpoint('CLOSED', true);
  readonly #server = new TrackedEndpoint('CLOSED', true);
  #answered = false;
  /** Whether the last segment was a RST that its receiver refused. */
  refusedReset: boolean = false;
  /** Who sent such a RST and nothing since: 0 nobody, 1 the client, 2 the server. */
  #gone = 0;
  readonly #fromClient = nothingUnderWay();
  readonly #fromServer = nothingUnderWay();

  /** Forgets everything. @param first the connection's first segment, which the next {@link see} is to take */
  begin(first: TrackedFields, firstFromClient: boolean): void {
    const kind = first.flags & (Flag.SYN | Flag.ACK | Flag.RST);
    const opens = kind === Flag.SYN;
    this.#anomalies.clear();
    this.#answered = !opens;
    this.refusedReset = false;
    this.#gone = 0;
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
    this.#anomalies.clear();
    this.refusedReset = false;
    this.#gone = 0;
    this.#answered = stage > 1;
    this.#client.adopt(stateOf(stage, client, server, true), client, stage === 3 ? server : undefined);
    this.#server.adopt(stateOf(stage, server, client, false), server, stage > 1 ? client : undefined);
    this.#fromClient.flags = 0;
    this.#fromServer.flags = 0;
    if (stage === 1 || (client.hasSentFin && !client.isFinTaken)) departAgain(this.#fromClient, client);
    if (stage === 2 || (server.hasSentFin && !server.isFinTaken)) departAgain(this.#fromServer, server);
  }

  get hasAnomalies(): boolean {
    return !this.#anomalies.isEmpty;
  }

  /** Each kind at each end once, in order of their first segments. */
  get anomalies(): readonly Anomaly[] {
    return this.#anomalies.list;
  }

  get clientState(): TcpState {
    return this.#client.state;
  }

  get serverState(): TcpState {
    return this.#server.state;
  }

  /** Octets of data that this end has sent and nobody has acknowledged. */
  unacknowledgedData(ofClient: boolean): number {
    return (ofClient ? this.#client : this.#server).unacknowledgedData;
  }

  /** @returns whether all its sequence space had been sent before */
  see(fields: FollowedFields, fromClient: boolean): boolean {
    const { flags, payloadBytes, frame } = fields;
    const sequence = fields.sequenceNumber | 0;
    const acknowledgment = fields.acknowledgmentNumber | 0;
    const isReset = (flags & Flag.RST) !== 0;
    this.refusedReset = isReset && this.#refuses(fields, fromClient);
    if (this.refusedReset) return false;
    if (this.#gone !== 0 && this.#gone === (fromClient ? 1 : 2)) this.#gone = 0;
    if (!fromClient && !this.#answered) this.#learnFromAnswer(flags);
    const from = fromClient ? this.#client : this.#server;
    const to = fromClient ? this.#server : this.#client;
    const toward = fromClient ? this.#fromServer : this.#fromClient;
    const scratch = SCRATCH;
    let crossed = false;
    if (toward.flags !== 0) {
      // A RST, too, answers what came before it.
      const acknowledges = (flags & Flag.ACK) !== 0 && seqDistance(toward.end, acknowledgment) >= 0;
      if (isReset || acknowledges) this.#arrive(toward);
      else crossed = (flags & toward.flags & (Flag.SYN | Flag.FIN)) !== 0;
    }
    const retransmission = sendSegment(from, flags, sequence, acknowledgment, payloadBytes, scratch);
    if (scratch.length > 0) this.#note(fromClient, frame);
    if (crossed) this.#arrive(toward);
    const slot = fromClient ? this.#fromClient : this.#fromServer;
    const isControl = (flags & (Flag.SYN | Flag.FIN)) !== 0 && !isReset;
    if (isControl && !retransmission) {
      // An earlier one is still under way: a SYN, with this FIN behind it. They arrive in order.
      if (slot.flags !== 0) this.#arrive(slot);
      depart(slot, fields, sequence, acknowledgment);
    } else if (!isCopyOf(slot, flags, sequence, payloadBytes)) {
      // Who goes on after its SYN knows that it arrived, and a RST is numbered as if all before it had.
      if (((slot.flags & Flag.SYN) | (flags & Flag.RST)) !== 0) this.#arrive(slot);
      receiveSegment(to, flags, sequence, acknowledgment, payloadBytes, scratch);
    } else if ((flags & Flag.SYN) === 0 && seqDistance(slot.acknowledgmentNumber, acknowledgment) > 0) {
      // A FIN's copy may acknowledge more. A SYN,ACK's would be another answer.
      slot.acknowledgmentNumber = acknowledgment;
    }
    if (scratch.length > 0) this.#note(fromClient, frame);
    return retransmission;
  }

  /** Its addresses and ports begin another connection, with the SYN of that frame. */
  noteReuse(frame: number, isAnswered: boolean, isOver: boolean): void {
    if (isOver) return;
    SCRATCH.push(
      isAnswered ? 'ports reused inside the connection' : 'another SYN before the first was answered',
    );
    this.#note(true, frame);
  }

  /** No more packets: what was under way is taken to have arrived, and who sent a RST last is gone. */
  finish(): void {
    this.#arrive(this.#fromClient);
    this.#arrive(this.#fromServer);
    if (this.#gone === 0) return;
    this.#client.reset('CLOSED');
    this.#server.reset('CLOSED');
  }

  #refuses(fields: FollowedFields, fromClient: boolean): boolean {
    const { flags, frame } = fields;
    const to = fromClient ? this.#server : this.#client;
    // It is numbered as if all before it had arrived.
    this.#arrive(fromClient ? this.#fromClient : this.#fromServer);
    const sequence = fields.sequenceNumber | 0;
    const acknowledgment = fields.acknowledgmentNumber | 0;
    if (!to.refusesReset(flags, sequence, acknowledgment)) return false;
    // Its sender is just there: what its receiver seems to lack, the capture lacks.
    if ((fromClient ? this.#client : this.#server).isAt(sequence)) {
      to.receive.skipTo(sequence);
      if (!to.refusesReset(flags, sequence, acknowledgment)) return false;
    }
    receiveSegment(to, flags, sequence, acknowledgment, 0, SCRATCH);
    this.#note(fromClient, frame);
    this.#gone = fromClient ? 1 : 2;
    return true;
  }

  /** Who answers a SYN by a RST did not listen; who sends a SYN of its own opened actively, too. */
  #learnFromAnswer(flags: number): void {
    this.#answered = true;
    const listened = (flags & Flag.RST) === 0 && (flags & (Flag.SYN | Flag.ACK)) !== Flag.SYN;
    if (!listened) this.#server.reset('CLOSED');
  }

  /** At the other end. */
  #arrive(slot: UnderWay): void {
    if (slot.flags === 0) return;
    const { flags, sequenceNumber, acknowledgmentNumber, payloadBytes, frame } = slot;
    const fromClient = slot === this.#fromClient;
    const at = fromClient ? this.#server : this.#client;
    receiveSegment(at, flags, sequenceNumber, acknowledgmentNumber, payloadBytes, SCRATCH);
    slot.flags = 0;
    if (SCRATCH.length > 0) this.#note(fromClient, frame);
  }

  #note(fromClient: boolean, frame: number): void {
    for (const what of SCRATCH) this.#anomalies.note(what, fromClient, frame);
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
