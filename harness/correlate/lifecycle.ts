import type { Opening, RowEnding } from '../model/connection-row.ts';
import { Flag } from '../model/segment.ts';
import type { TrackedFields } from './endpoint-tracker.ts';
import { End, NEVER, NEVER_NS } from './lifecycle-end.ts';
import type { PredictedConnection } from './predicted-connection.ts';
import { DOUBLE } from './representation.ts';

/** One segment sent again so often, and unanswered, is no loss any more: a tail loss probe and a time-out are two. */
const UNANSWERED_TIMES = 3;

/**
 * How a connection opened and closed, read off its segments as they come: numbers only, nothing made per segment.
 * Index 0 is the client (who sent the first SYN), 1 the server.
 */
export class Lifecycle {
  readonly client: End = new End();
  readonly server: End = new End();
  handshakeNs: number = DOUBLE;
  fastOpen: boolean = false;
  /** No more is to come but stragglers. */
  isOver: boolean = false;
  /** Octets of new data that came after the first FIN, from the other end, which had it. */
  bytesAfterFirstFin: number = 0;
  /** Octets of data that each end had sent and nobody had acknowledged when the RST came. */
  clientUnacknowledged: number = 0;
  serverUnacknowledged: number = 0;
  #packet = 0;
  #synAckAtNs = DOUBLE;
  #firstFlags = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.client.reset();
    this.server.reset();
    this.handshakeNs = NEVER_NS;
    this.fastOpen = false;
    this.isOver = false;
    this.bytesAfterFirstFin = 0;
    this.clientUnacknowledged = 0;
    this.serverUnacknowledged = 0;
    this.#packet = 0;
    this.#synAckAtNs = NEVER_NS;
    this.#firstFlags = 0;
  }

  /** Goes on from what was predicted. */
  adopt(connection: PredictedConnection): void {
    this.client.adopt(connection.client, connection.stage === 3);
    this.server.adopt(connection.server, true);
    this.client.syns = 1;
    this.server.synAcks = connection.server.packets > 0 ? 1 : 0;
    this.handshakeNs = connection.stage === 3 ? connection.handshakeNs : NEVER_NS;
    this.fastOpen = false;
    this.isOver = connection.isOver;
    this.bytesAfterFirstFin = connection.bytesAfterFirstFin;
    this.clientUnacknowledged = 0;
    this.serverUnacknowledged = 0;
    this.#packet = connection.packets;
    this.#synAckAtNs = this.server.synAtNs;
    this.#firstFlags = Flag.SYN;
  }

  /**
   * @param atNs since the capture's first packet
   * @param isNew whether it takes sequence space that had not been sent before
   * @param isRefused whether it is a RST that its receiver does not believe
   */
  see(fields: TrackedFields, fromClient: boolean, atNs: number, isNew: boolean, isRefused: boolean): void {
    const from = fromClient ? this.client : this.server;
    const to = fromClient ? this.server : this.client;
    const { flags } = fields;
    if (this.#packet === 0) this.#firstFlags = flags;
    this.#packet++;
    from.packets++;
    from.bytes += fields.payloadBytes;
    if (isRefused) {
      from.rsts++;
      if (from.refusedRstPacket === NEVER) from.refusedRstPacket = this.#packet;
      return;
    }
    from.noteProgress(fields, isNew, to.packets);
    if (from.refusedRstPacket !== NEVER) from.refusedRstPacket = NEVER;
    if ((flags & (Flag.SYN | Flag.FIN | Flag.RST)) !== 0) this.#seeControl(fields, from, atNs);
    if ((flags & Flag.ACK) === 0) return;
    if (this.handshakeNs === NEVER_NS && this.#synAckAtNs !== NEVER_NS && fromClient)
      this.#seeFirstAck(fields, atNs);
    if (to.finPacket === NEVER || (flags & Flag.RST) !== 0) return;
    if (((fields.acknowledgmentNumber - to.finEnd) | 0) < 0) return;
    if (to.finAckPacket === NEVER) {
      to.finAckPacket = this.#packet;
      to.finAckAtNs = atNs;
      if (from.finAckPacket !== NEVER) this.isOver = true;
    }
    if (isNew && this.#isFirstCloser(to)) this.bytesAfterFirstFin += fields.payloadBytes;
  }

  /** Notes a keep-alive probe, which asks for an answer as what is sent again does. To be told after {@link see}. */
  noteKeepAlive(sequence: number, fromClient: boolean): void {
    const from = fromClient ? this.client : this.server;
    const to = fromClient ? this.server : this.client;
    from.noteAgain(sequence | 0, to.packets);
  }

  /** How it began. */
  get opening(): Opening {
    const { client, server } = this;
    if (client.syns === 0 && client.synAcks === 0 && server.synAcks === 0) return 'midstream';
    if ((this.#firstFlags & Flag.SYN) === 0) return 'midstream';
    if (server.synAcks === 0 && server.syns === 0) {
      // The SYN,ACK was not captured: all that is there goes one way, or the capture has a gap.
      if (client.wentOn) return 'handshake';
      return server.endingRst === NEVER ? 'unanswered' : 'refused';
    }
    if (server.syns > 0) return client.synAcks > 0 && server.synAcks === 0 ? 'split' : 'simultaneous';
    return client.synAcks > 0 ? 'split' : 'handshake';
  }

  /** Whether the client's SYN is all that was said of a connection. */
  get isOpening(): boolean {
    return this.client.syns > 0 && !this.client.wentOn && this.client.endingRst === NEVER && this.#isSilent;
  }

  /** Whether the server has sent neither a SYN nor a RST. */
  get #isSilent(): boolean {
    const { syns, synAcks, endingRst } = this.server;
    return syns + synAcks === 0 && endingRst === NEVER;
  }

  get ending(): RowEnding {
    const { opening } = this;
    if (opening === 'refused') return 'refused';
    const finished = this.isClosed;
    const reset = this.firstReset;
    if (reset !== undefined && !(finished && reset.endingRst > this.#lastClosingPacket())) return 'reset';
    if (finished) return 'closed';
    if (opening !== 'unanswered' && this.abandonedBy !== undefined) return 'abandoned';
    if (this.client.finPacket !== NEVER && this.server.finPacket !== NEVER) return 'closing';
    if (this.client.finPacket !== NEVER || this.server.finPacket !== NEVER) return 'half-closed';
    return opening === 'unanswered' ? 'unanswered' : 'open';
  }

  /** A FIN each way, both acknowledged. */
  get isClosed(): boolean {
    return this.client.finAckPacket !== NEVER && this.server.finAckPacket !== NEVER;
  }

  get firstCloser(): End | undefined {
    const { client, server } = this;
    if (client.finPacket === NEVER && server.finPacket === NEVER) return undefined;
    return this.#isFirstCloser(client) ? client : server;
  }

  get firstReset(): End | undefined {
    const client = this.client.endingRst;
    const server = this.server.endingRst;
    if (client === NEVER && server === NEVER) return undefined;
    if (server === NEVER) return this.client;
    return client !== NEVER && client < server ? this.client : this.server;
  }

  /** Who fell silent: the other end sent one segment again and again, and heard nothing more. */
  get abandonedBy(): End | undefined {
    const { client, server } = this;
    if (client.isUnansweredBy(server, UNANSWERED_TIMES)) return server;
    if (server.isUnansweredBy(client, UNANSWERED_TIMES)) return client;
    return undefined;
  }

  /** Segments that the close took: one may play two parts. */
  get closeSegments(): number | undefined {
    if (!this.isClosed) return undefined;
    const { client, server } = this;
    // An acknowledgement may ride on the sender's own FIN.
    const ridesOnServers = client.finAckPacket === server.finPacket ? 1 : 0;
    const ridesOnClients = server.finAckPacket === client.finPacket ? 1 : 0;
    return 4 - ridesOnServers - ridesOnClients;
  }

  /** First FIN to second, when the first was acknowledged on its own in between. */
  get halfClosedNs(): number | undefined {
    const first = this.firstCloser;
    const second = first === this.client ? this.server : this.client;
    if (first === undefined || second.finPacket === NEVER || first.finAckPacket === NEVER) return undefined;
    return first.finAckPacket < second.finPacket ? second.finAtNs - first.finAtNs : undefined;
  }

  get finAckNs(): number | undefined {
    const first = this.firstCloser;
    return first === undefined || first.finAckPacket === NEVER ? undefined : first.finAckAtNs - first.finAtNs;
  }

  get synRetries(): number {
    return Math.max(0, this.client.syns - 1);
  }

  #seeControl(fields: TrackedFields, from: End, atNs: number): void {
    const { flags } = fields;
    if ((flags & Flag.RST) !== 0) {
      from.rsts++;
      if (from.rstPacket === NEVER) from.rstPacket = this.#packet;
      this.isOver = true;
      return;
    }
    if ((flags & Flag.SYN) !== 0) {
      if (from.synAtNs === NEVER_NS) {
        from.synAtNs = atNs;
        from.iss = fields.sequenceNumber | 0;
      }
      if ((flags & Flag.ACK) === 0) from.syns++;
      else {
        from.synAcks++;
        if (from === this.server && this.#synAckAtNs === NEVER_NS) this.#synAckAtNs = atNs;
      }
    }
    if ((flags & Flag.FIN) !== 0 && from.finPacket === NEVER) {
      from.finPacket = this.#packet;
      from.finAtNs = atNs;
      from.finEnd = (fields.sequenceNumber + fields.payloadBytes + 1) | 0;
    }
  }

  #seeFirstAck({ flags, acknowledgmentNumber }: TrackedFields, atNs: number): void {
    if ((flags & Flag.SYN) !== 0 || this.client.synAtNs === NEVER_NS) return;
    if (((acknowledgmentNumber - this.server.iss) | 0) > 0) this.handshakeNs = atNs - this.client.synAtNs;
  }

  #isFirstCloser(end: End): boolean {
    const other = end === this.client ? this.server : this.client;
    return end.finPacket !== NEVER && (other.finPacket === NEVER || end.finPacket < other.finPacket);
  }

  #lastClosingPacket(): number {
    return Math.max(this.client.finAckPacket, this.server.finAckPacket);
  }
}
