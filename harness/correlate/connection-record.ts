import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { Lifecycle } from './lifecycle.ts';
import { LossAndDelay } from './loss-and-delay.ts';
import { PairTracker } from './pair-tracker.ts';
import type { PredictedConnection } from './predicted-connection.ts';
import { Analysis, WiresharkStream } from './wireshark-stream.ts';
import { ZeekConnection } from './zeek-connection.ts';
import { DOUBLE } from './representation.ts';

const NS = 1e9;

/** Bits of what a record has still to adopt. */
const Part = { ZEEK: 1, WIRESHARK: 2, FIGURES: 4, TRACKER: 8, LIFECYCLE: 16 } as const;
const ALL_PARTS = Part.ZEEK | Part.WIRESHARK | Part.FIGURES | Part.TRACKER | Part.LIFECYCLE;

/**
 * Everything that is kept of one connection while its packets come. Records are used again for later connections;
 * `begin` or `adopt` makes one fit. Side 0 is the sender of the first packet.
 */
export class ConnectionRecord {
  /** Where the engine keeps the connection. */
  address = 0;
  /** From 1, in order of first packets. */
  id: number = 0;
  /** Ns since the capture's first packet. */
  firstNs: number = DOUBLE;
  lastNs: number = DOUBLE;
  /** The side that is the client: who sent the first SYN. */
  clientSide: 0 | 1 = 0;
  readonly #lifecycle = new Lifecycle();
  readonly #zeek = new ZeekConnection();
  readonly #wireshark = new WiresharkStream();
  readonly #figures = new LossAndDelay();
  readonly #tracker = new PairTracker();
  /** What the parts that are left in `#left` are to be adopted from. */
  #predicted: PredictedConnection | undefined;
  #left = 0;
  #isFinished = false;

  /** What was predicted from first to last packet, and is all that there is to tell; undefined when something was not. */
  get predicted(): PredictedConnection | undefined {
    return this.#predicted;
  }

  get lifecycle(): Lifecycle {
    if ((this.#left & Part.LIFECYCLE) !== 0) this.#adopt(Part.LIFECYCLE);
    return this.#lifecycle;
  }

  get zeek(): ZeekConnection {
    if ((this.#left & Part.ZEEK) !== 0) this.#adopt(Part.ZEEK);
    return this.#zeek;
  }

  get wireshark(): WiresharkStream {
    if ((this.#left & Part.WIRESHARK) !== 0) this.#adopt(Part.WIRESHARK);
    return this.#wireshark;
  }

  get figures(): LossAndDelay {
    if ((this.#left & Part.FIGURES) !== 0) this.#adopt(Part.FIGURES);
    return this.#figures;
  }

  get tracker(): PairTracker {
    if ((this.#left & Part.TRACKER) !== 0) this.#adopt(Part.TRACKER);
    return this.#tracker;
  }

  /** @param reused whether these addresses and ports were a connection before */
  begin(address: number, id: number, packet: Packet, atNs: number, reused: boolean): void {
    this.address = address;
    this.id = id;
    this.firstNs = atNs;
    this.clientSide = isFromServer(packet) ? 1 : 0;
    this.#predicted = undefined;
    this.#left = 0;
    this.#isFinished = false;
    this.#lifecycle.reset();
    this.#zeek.reset();
    if (reused) this.#wireshark.restart();
    else this.#wireshark.reset();
    this.#figures.reset();
    this.#tracker.begin(packet, this.clientSide === 0);
  }

  /**
   * Goes on from what was predicted: each part once somebody asks for it, or with the next packet.
   * @param connection not to change until then
   */
  adopt(address: number, id: number, connection: PredictedConnection): void {
    this.address = address;
    this.id = id;
    this.firstNs = connection.firstNs;
    this.lastNs = connection.lastNs;
    this.clientSide = 0;
    this.#predicted = connection;
    this.#left = ALL_PARTS;
    this.#isFinished = false;
  }

  /** No more packets come. */
  finish(): void {
    this.#isFinished = true;
    if ((this.#left & Part.TRACKER) === 0) this.#tracker.finish();
  }

  see(packet: Packet, side: 0 | 1, atNs: number): void {
    if (this.#predicted !== undefined) this.#goOn();
    const lifecycle = this.#lifecycle;
    const tracker = this.#tracker;
    this.lastNs = atNs;
    // Its receiver dropped it. Zeek notes that much.
    if (packet.checksum === 0) {
      this.#zeek.see(packet, side, atNs / NS);
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
    this.#zeek.see(packet, side, seconds);
    const analysis = this.#wireshark.see(packet, side, seconds);
    this.#figures.see(packet, side, seconds, analysis);
    // With an octet of payload it was a repetition already.
    if ((analysis & Analysis.KEEP_ALIVE) !== 0 && packet.payloadBytes === 0) {
      lifecycle.noteKeepAlive(packet.sequenceNumber, fromClient);
    }
  }

  /** From here on the parts follow the connection themselves. */
  #goOn(): void {
    this.#adopt(ALL_PARTS);
    this.#predicted = undefined;
  }

  #adopt(parts: number): void {
    const predicted = this.#predicted;
    const wanted = this.#left & parts;
    this.#left &= ~parts;
    if (predicted === undefined) return;
    if ((wanted & Part.LIFECYCLE) !== 0) this.#lifecycle.adopt(predicted);
    if ((wanted & Part.ZEEK) !== 0) this.#zeek.adopt(predicted);
    if ((wanted & Part.WIRESHARK) !== 0) this.#wireshark.adopt(predicted);
    if ((wanted & Part.FIGURES) !== 0) this.#figures.adopt(predicted);
    if ((wanted & Part.TRACKER) === 0) return;
    this.#tracker.adopt(predicted);
    if (this.#isFinished) this.#tracker.finish();
  }

  /** Its addresses and ports begin another connection, with the SYN of that frame. */
  noteReuse(frame: number): void {
    if (this.#predicted !== undefined) this.#goOn();
    const { opening, isOver } = this.lifecycle;
    this.#tracker.noteReuse(frame, opening !== 'unanswered', isOver);
  }
}

/** Without a SYN, who has the lower port; with one, who answers it. */
function isFromServer({ flags, sourcePort, destinationPort }: Packet): boolean {
  if ((flags & Flag.SYN) !== 0) return (flags & Flag.ACK) !== 0;
  return sourcePort < destinationPort;
}
