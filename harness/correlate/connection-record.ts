import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { Lifecycle } from './lifecycle.ts';
import { LossAndDelay } from './loss-and-delay.ts';
import { PairTracker } from './pair-tracker.ts';
import { WiresharkStream } from './wireshark-stream.ts';
import { ZeekConnection } from './zeek-connection.ts';
import { DOUBLE } from './representation.ts';

const NS = 1e9;

/**
 * Everything that is kept of one connection while its packets come. Records are used again for later connections;
 * `begin` makes one fit. Side 0 is the sender of the first packet.
 */
export class ConnectionRecord {
  /** Where it stands among the engine's records. */
  readonly index: number;
  /** From 1, in order of first packets. */
  id: number = 0;
  /** Ns since the capture's first packet. */
  firstNs: number = DOUBLE;
  lastNs: number = DOUBLE;
  /** The side that is the client: who sent the first SYN. */
  clientSide: 0 | 1 = 0;
  /** Serves a connection, and is not free. */
  isInUse: boolean = false;
  /** Waits, over, for stragglers. */
  lingers: boolean = false;
  readonly lifecycle: Lifecycle = new Lifecycle();
  readonly zeek: ZeekConnection = new ZeekConnection();
  readonly wireshark: WiresharkStream = new WiresharkStream();
  readonly figures: LossAndDelay = new LossAndDelay();
  readonly tracker: PairTracker = new PairTracker();

  constructor(index: number) {
    this.index = index;
  }

  /** @param reused whether these addresses and ports were a connection before */
  begin(id: number, packet: Packet, atNs: number, reused: boolean): void {
    this.id = id;
    this.firstNs = atNs;
    this.isInUse = true;
    this.lingers = false;
    this.clientSide = isFromServer(packet) ? 1 : 0;
    this.lifecycle.reset();
    this.zeek.reset();
    if (reused) this.wireshark.restart();
    else this.wireshark.reset();
    this.figures.reset();
    this.tracker.begin(packet, this.clientSide === 0);
  }

  see(packet: Packet, side: 0 | 1, atNs: number): void {
    const { tracker, lifecycle } = this;
    this.lastNs = atNs;
    // Its receiver dropped it. Zeek notes that much.
    if (packet.checksum === 0) {
      this.zeek.see(packet, side, atNs / NS);
      return;
    }
    const fromClient = side === this.clientSide;
    if ((packet.flags & Flag.RST) !== 0 && !lifecycle.isOver) {
      lifecycle.clientUnacknowledged = tracker.unacknowledgedData(true);
      lifecycle.serverUnacknowledged = tracker.unacknowledgedData(false);
    }
    const retransmission = tracker.see(packet, fromClient);
    lifecycle.see(packet, fromClient, atNs, !retransmission, tracker.refusedReset);
    if (packet.fastOpen === 1) lifecycle.fastOpen = true;
    const seconds = atNs / NS;
    this.zeek.see(packet, side, seconds);
    const analysis = this.wireshark.see(packet, side, seconds);
    this.figures.see(packet, side, seconds, analysis);
  }

  /** Its addresses and ports begin another connection, with the SYN of that frame. */
  noteReuse(frame: number): void {
    const { opening, isOver } = this.lifecycle;
    this.tracker.noteReuse(frame, opening !== 'unanswered', isOver);
  }
}

/** Without a SYN, who has the lower port; with one, who answers it. */
function isFromServer({ flags, sourcePort, destinationPort }: Packet): boolean {
  if ((flags & Flag.SYN) !== 0) return (flags & Flag.ACK) !== 0;
  return sourcePort < destinationPort;
}
