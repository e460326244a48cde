import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import type { PredictedConnection } from './predicted-connection.ts';
import { ZeekEndpoint, ZeekState } from './zeek-endpoint.ts';
import { isLikelyServerPort } from './zeek-ports.ts';

const SENT = { ORIGINATOR: 1, RESPONDER: 2, BOTH: 3 } as const;

/** Who of a connection's two ends Zeek takes for the originator: it may change its mind. */
export class ZeekRoles {
  originator: ZeekEndpoint = new ZeekEndpoint();
  responder: ZeekEndpoint = new ZeekEndpoint();
  /** 0: who sent the first packet is the originator. */
  originatorSide: 0 | 1 = 0;
  /** 1 while an end's first packet was no SYN: its sequence numbers may start anywhere. */
  isPartial = 0;
  #sent = 0;

  reset(): void {
    this.originator.reset();
    this.responder.reset();
    this.originatorSide = 0;
    this.isPartial = 0;
    this.#sent = 0;
  }

  /** Goes on from what was predicted: who sent the SYN is the originator. */
  adopt({ stage, client, server }: PredictedConnection): void {
    this.originator.adopt(client, server, stage > 1);
    this.responder.adopt(server, client, stage > 2);
    // An answered SYN was sent once.
    if (server.packets > 0 && !client.hasSentFin) this.originator.previousState = ZeekState.SYN_SENT;
    this.originatorSide = 0;
    this.isPartial = 0;
    this.#sent = server.packets > 0 ? SENT.BOTH : SENT.ORIGINATOR;
  }

  /** Guesses from the first packet, which may be one from the middle. True when its sender is no originator. */
  begin({ flags, sourcePort, destinationPort }: Packet): boolean {
    if ((flags & (Flag.SYN | Flag.ACK)) === Flag.SYN || !isLikelyServerPort(sourcePort)) return false;
    // Of two likely servers the lower port; but a lone SYN,ACK may be a scan, to which nobody sent a SYN.
    const isFlipped =
      !isLikelyServerPort(destinationPort) || ((flags & Flag.SYN) === 0 && sourcePort < destinationPort);
    if (isFlipped) this.flip();
    return isFlipped;
  }

  flip(): void {
    const { originator } = this;
    this.originator = this.responder;
    this.responder = originator;
    this.originatorSide = this.originatorSide === 0 ? 1 : 0;
    this.#sent = ((this.#sent & SENT.ORIGINATOR) << 1) | (this.#sent >> 1);
    this.isPartial = 0;
  }

  /** To be told of every packet, before anything else of it counts. */
  noteWhetherPartial(sender: ZeekEndpoint, flags: number): void {
    if (this.#sent === SENT.BOTH) return;
    if (sender === this.originator) {
      if ((this.#sent & SENT.ORIGINATOR) !== 0) return;
      this.isPartial = (flags & (Flag.SYN | Flag.ACK)) === Flag.SYN ? 0 : 1;
    } else if ((this.#sent & SENT.RESPONDER) === 0 && this.isPartial === 0) {
      this.isPartial = (flags & Flag.SYN) === 0 ? 1 : 0;
    }
  }

  noteSent(sender: ZeekEndpoint): void {
    this.#sent |= sender === this.originator ? SENT.ORIGINATOR : SENT.RESPONDER;
  }

  /** The end's SYN was missed, not absent. */
  excuse(endpoint: ZeekEndpoint): void {
    this.isPartial = 0;
    this.noteSent(endpoint);
  }
}
