import { Flag } from '../model/segment.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { EndpointTracker, type TrackedFields } from './endpoint-tracker.ts';

/** A SYN or FIN of which nothing tells yet that its receiver has it. */
interface UnderWay {
  flags: number;
  sequenceNumber: number;
  acknowledgmentNumber: number;
  payloadBytes: number;
}

/** More kinds of anomaly than a person would read; what an attacker could cause ends here. */
const MOST_ANOMALIES = 32;

/**
 * Follows both ends of a connection while its packets come, without looking ahead. A SYN or FIN counts as received
 * once the other end has acknowledged it, or has sent one of its own that does not: the two crossed.
 */
export class PairTracker {
  readonly anomalies: Set<string> = new Set();
  #client: EndpointTracker;
  #server: EndpointTracker;
  #answered: boolean;
  readonly #fromClient: UnderWay = none();
  readonly #fromServer: UnderWay = none();
  readonly #scratch: string[] = [];

  /** @param first the connection's first segment, sent by the client unless it is a SYN,ACK or midstream */
  constructor(first: TrackedFields, firstFromClient: boolean) {
    const opens = (first.flags & (Flag.SYN | Flag.ACK | Flag.RST)) === Flag.SYN;
    const answers = (first.flags & (Flag.SYN | Flag.ACK | Flag.RST)) === (Flag.SYN | Flag.ACK);
    const isReset = (first.flags & Flag.RST) !== 0;
    const midstream: TcpState = isReset ? 'CLOSED' : 'ESTABLISHED';
    this.#answered = !opens;
    if (opens && firstFromClient) {
      this.#client = new EndpointTracker('CLOSED');
      this.#server = new EndpointTracker('LISTEN');
    } else if (answers && !firstFromClient) {
      this.#client = new EndpointTracker('SYN-SENT');
      this.#server = new EndpointTracker('SYN-RECEIVED');
    } else {
      this.#client = new EndpointTracker(midstream);
      this.#server = new EndpointTracker(midstream);
    }
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
    if (!fromClient && !this.#answered) this.#learnFromAnswer(fields);
    const from = fromClient ? this.#client : this.#server;
    const to = fromClient ? this.#server : this.#client;
    const toward = fromClient ? this.#fromServer : this.#fromClient;
    const scratch = this.#scratch;
    let crossed = false;
    if (toward.flags !== 0) {
      // A RST, too, answers what came before it.
      const answers = (fields.flags & Flag.RST) !== 0 || acknowledges(fields, toward);
      if (answers) this.#arrive(toward, from);
      else crossed = (fields.flags & toward.flags & (Flag.SYN | Flag.FIN)) !== 0;
    }
    const retransmission = from.trackSent(fields, scratch);
    if (crossed) this.#arrive(toward, from);
    const slot = fromClient ? this.#fromClient : this.#fromServer;
    const isControl = (fields.flags & (Flag.SYN | Flag.FIN)) !== 0 && (fields.flags & Flag.RST) === 0;
    if (isControl && !retransmission) this.#depart(fields, slot, to);
    else if (!isCopyOf(fields, slot)) {
      // Who goes on after its SYN knows that it arrived, and a RST is numbered as if all before it had.
      if (((slot.flags & Flag.SYN) | (fields.flags & Flag.RST)) !== 0) this.#arrive(slot, to);
      to.trackReceived(fields, scratch);
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
  #learnFromAnswer({ flags }: TrackedFields): void {
    this.#answered = true;
    const listened = (flags & Flag.RST) === 0 && (flags & (Flag.SYN | Flag.ACK)) !== Flag.SYN;
    if (!listened) this.#server = new EndpointTracker('CLOSED');
  }

  #depart(
    { flags, sequenceNumber, acknowledgmentNumber, payloadBytes }: TrackedFields,
    slot: UnderWay,
    to: EndpointTracker,
  ): void {
    // An earlier one is still under way: a SYN, with this FIN behind it. They arrive in order.
    if (slot.flags !== 0) this.#arrive(slot, to);
    slot.flags = flags;
    slot.sequenceNumber = sequenceNumber;
    slot.acknowledgmentNumber = acknowledgmentNumber;
    slot.payloadBytes = payloadBytes;
  }

  #arrive(slot: UnderWay, at: EndpointTracker): void {
    if (slot.flags === 0) return;
    at.trackReceived(slot, this.#scratch);
    slot.flags = 0;
  }

  #note(): void {
    for (const anomaly of this.#scratch)
      if (this.anomalies.size < MOST_ANOMALIES) this.anomalies.add(anomaly);
    this.#scratch.length = 0;
  }
}

function none(): UnderWay {
  return { flags: 0, sequenceNumber: 0, acknowledgmentNumber: 0, payloadBytes: 0 };
}

/** Whether it is what is under way, sent again. */
function isCopyOf(fields: TrackedFields, { flags, sequenceNumber }: UnderWay): boolean {
  return flags !== 0 && fields.flags === flags && fields.sequenceNumber === sequenceNumber;
}

/** Whether `fields` acknowledges all of what is under way. */
function acknowledges(fields: TrackedFields, { flags, sequenceNumber, payloadBytes }: UnderWay): boolean {
  if ((fields.flags & Flag.ACK) === 0) return false;
  const controls = ((flags & Flag.SYN) === 0 ? 0 : 1) + ((flags & Flag.FIN) === 0 ? 0 : 1);
  return ((fields.acknowledgmentNumber - (sequenceNumber + payloadBytes + controls)) | 0) >= 0;
}
