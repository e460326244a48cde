import type { Packet } from '../model/packet.ts';
import { Flag } from '../model/segment.ts';
import { connState } from './zeek-conn-state.ts';
import type { PredictedConnection } from './predicted-connection.ts';
import { Mark, Trouble, ZeekState, type ZeekEndpoint } from './zeek-endpoint.ts';
import * as Letter from '../prediction/letter.ts';
import { ZeekHistory } from './zeek-history.ts';
import { noteSegment, noteTrouble } from './zeek-letters.ts';
import { dataAcknowledged, dataSent, isDataPending, type Skipped } from './zeek-reassembly.ts';
import { ZeekRoles } from './zeek-roles.ts';
import { isRetransmission, noteAcknowledgment, numberSequences } from './zeek-sequence.ts';
import { believeSynAck, enterStates } from './zeek-transitions.ts';
import { DOUBLE } from './representation.ts';

/** A connection in Zeek's words: the fields of a conn.log row that are decided by TCP. */
export interface ZeekSummary {
  /** 0: who sent the first packet is the originator; 1: Zeek takes the other for it. */
  readonly originatorSide: 0 | 1;
  /** `SF`, `S0`, `REJ`, … */
  readonly connState: string;
  /** `ShADadFf`; empty when no letter applies. */
  readonly history: string;
  /** Seconds since the capture's first packet. */
  readonly startTime: number;
  /** Seconds, up to the last packet before both ends had closed; undefined when 0. */
  readonly duration: number | undefined;
  /** Octets of payload by sequence numbers; undefined with the duration. */
  readonly origBytes: number | undefined;
  readonly respBytes: number | undefined;
  /** Octets acknowledged that were never seen. */
  readonly missedBytes: number;
  readonly origPkts: number;
  readonly origIpBytes: number;
  readonly respPkts: number;
  readonly respIpBytes: number;
}

const { CLOSED, RESET } = ZeekState;

const IPV6_HEADER_BYTES = 40;
const NS = 1e9;

/** Filled and read within one call. */
const SKIPPED: Skipped = { holes: 0, bytes: 0 };

/**
 * Follows one connection as Zeek 8 does, so that its `conn_state`, `history` and counts come out the same. Holds
 * numbers only, allocates nothing a packet (but for data that come ahead of a hole), and is reusable after `reset()`.
 *
 * Differs from Zeek on purpose: payload that a snap length cut off counts as seen, where Zeek reports a gap; and
 * `X`, which an application analyzer writes when the payload exceeds its limits, is never written.
 * Source: Zeek, src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc.
 */
export class ZeekConnection {
  readonly #history = new ZeekHistory();
  readonly #roles = new ZeekRoles();
  #started = 0;
  #isCloseDeferred = 0;
  #missedBytes = 0;
  #startTime = DOUBLE;
  #lastTime = DOUBLE;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#history.clear();
    this.#roles.reset();
    this.#started = 0;
    this.#isCloseDeferred = 0;
    this.#missedBytes = 0;
    this.#startTime = 0;
    this.#lastTime = 0;
  }

  /** Goes on from what was predicted. */
  adopt(connection: PredictedConnection): void {
    const { letters, historyWord0, historyWord1, firstNs, lastOpenNs } = connection;
    this.#history.adopt(letters, historyWord0, historyWord1);
    this.#roles.adopt(connection);
    this.#started = 1;
    this.#isCloseDeferred = 0;
    this.#missedBytes = 0;
    this.#startTime = firstNs / NS;
    this.#lastTime = lastOpenNs / NS;
  }

  /**
   * Takes the next packet. One with a wrong checksum (`packet.checksum` 0) is noted and otherwise ignored, as by
   * Zeek; a caller that wants wrong checksums ignored (offloading, `zeek -C`) sets it to -1 first.
   * @param side 0: from the sender of the connection's first packet; 1: from the other.
   * @param time seconds since the capture's first packet.
   */
  see(packet: Packet, side: 0 | 1, time: number): void {
    if (this.#started === 0) this.#start(packet, time);
    const roles = this.#roles;
    const isFromOriginator = side === roles.originatorSide;
    const sender = isFromOriginator ? roles.originator : roles.responder;
    if (packet.checksum === 0) {
      noteTrouble(this.#history, sender, isFromOriginator, Trouble.BAD_CHECKSUM);
      return;
    }
    const peer = isFromOriginator ? roles.responder : roles.originator;
    const { flags, payloadBytes } = packet;
    sender.packets += 1;
    sender.ipBytes += zeekIpBytes(packet);
    roles.noteWhetherPartial(sender, flags);
    const length = sequenceLength(flags, payloadBytes);
    numberSequences(sender, packet, length);
    const at = sender.relative(packet.sequenceNumber);
    this.#noteLetters(packet, sender, peer, at);
    if ((roles.originator.marks & roles.responder.marks & Mark.CLOSE_DONE) === 0) this.#lastTime = time;
    if ((flags & Flag.FIN) !== 0) {
      sender.marks |= Mark.HAS_FIN;
      sender.finEnd = at + length;
    }
    const acknowledged = (flags & Flag.ACK) === 0 ? 0 : noteAcknowledgment(peer, packet);
    if (isRetransmission(sender, packet, at + length)) this.#noteTrouble(sender, Trouble.RETRANSMISSION);
    const closes = enterStates(roles, this.#history, sender, flags, payloadBytes);
    if (acknowledged > peer.trimmed) this.#letGo(peer, sender, acknowledged);
    roles.noteSent(sender);
    if (payloadBytes > 0 && at >= 0 && (flags & Flag.RST) === 0) {
      dataSent(sender, peer, (flags & Flag.SYN) === 0 ? at : at + 1, payloadBytes);
    }
    this.#noteEnd(sender, peer);
    if (closes) this.#close(sender, peer);
  }

  /** What Zeek would log if it forgot the connection now. */
  summary(): ZeekSummary {
    const originator = this.#roles.originator;
    const responder = this.#roles.responder;
    const origBytes = originator.size(responder);
    const respBytes = responder.size(originator);
    const history = this.#history.toString();
    const duration = this.#lastTime - this.#startTime;
    const lasted = duration > 0;
    return {
      originatorSide: this.#roles.originatorSide,
      connState: connState({
        originator: originator.state,
        responder: responder.state,
        bytes: origBytes + respBytes,
        history,
      }),
      history,
      startTime: this.#startTime,
      duration: lasted ? duration : undefined,
      origBytes: lasted ? origBytes : undefined,
      respBytes: lasted ? respBytes : undefined,
      missedBytes: this.#missedBytes,
      origPkts: originator.packets,
      origIpBytes: originator.ipBytes,
      respPkts: responder.packets,
      respIpBytes: responder.ipBytes,
    };
  }

  #start(packet: Packet, time: number): void {
    this.#started = 1;
    this.#startTime = time;
    this.#lastTime = time;
    if (this.#roles.begin(packet)) this.#history.append(Letter.FLIP, true);
  }

  #noteLetters(packet: Packet, sender: ZeekEndpoint, peer: ZeekEndpoint, at: number): void {
    const { flags, payloadBytes, window } = packet;
    const isControl = (flags & (Flag.SYN | Flag.FIN | Flag.RST)) !== 0;
    const isProductive = !isControl && (payloadBytes > 0 || (flags & Flag.ACK) !== 0);
    if (isProductive && this.#history.isLoneSynAck) believeSynAck(this.#roles, this.#history);
    const byOriginator = sender === this.#roles.originator;
    noteSegment(this.#history, sender, byOriginator, flags, payloadBytes, at);
    if (window !== 0 || (flags & Flag.RST) !== 0) return;
    // Who has sent a RST takes no more, and who has sent a FIN needs no window.
    if (peer.state === CLOSED || sender.state === RESET) return;
    this.#noteTrouble(sender, Trouble.ZERO_WINDOW);
  }

  #noteTrouble(endpoint: ZeekEndpoint, trouble: number): void {
    noteTrouble(this.#history, endpoint, endpoint === this.#roles.originator, trouble);
  }

  #letGo(endpoint: ZeekEndpoint, peer: ZeekEndpoint, upTo: number): void {
    const skipped = SKIPPED;
    skipped.holes = 0;
    skipped.bytes = 0;
    dataAcknowledged(endpoint, upTo, this.#roles.isPartial === 1, skipped);
    // Elsewhere gaps are not to be trusted: a RST's sequence number, an end joined halfway.
    if (skipped.holes > 0 && endpoint.isClean && peer.isClean) {
      this.#missedBytes += skipped.bytes;
      for (let hole = 0; hole < skipped.holes; hole += 1) this.#noteTrouble(endpoint, Trouble.GAP);
    }
    this.#noteEnd(endpoint, peer);
  }

  /** A close that waited for data is made up for once they have come. */
  #noteEnd(endpoint: ZeekEndpoint, peer: ZeekEndpoint): void {
    const { marks, state } = endpoint;
    const hasEnded = (marks & Mark.HAS_FIN) !== 0 || state === CLOSED || state === RESET;
    if ((marks & Mark.AT_END) !== 0 || !hasEnded) return;
    if (isDataPending(endpoint, peer)) return;
    endpoint.marks |= Mark.AT_END;
    if (this.#isCloseDeferred === 0) return;
    this.#close(endpoint, peer);
    this.#isCloseDeferred = 0;
  }

  #close(endpoint: ZeekEndpoint, peer: ZeekEndpoint): void {
    if (isDataPending(endpoint, peer)) {
      this.#isCloseDeferred = 1;
      return;
    }
    this.#isCloseDeferred = 0;
    endpoint.marks |= Mark.CLOSE_DONE;
  }
}

/** By the length field alone: an offloaded packet, whose field is 0, counts as no more than an IPv6 header. */
export function zeekIpBytes(packet: Packet): number {
  if (packet.ipLengthIsZero === 0) return packet.ipBytes;
  return packet.ipVersion === 6 ? IPV6_HEADER_BYTES : 0;
}

/** Octets of sequence space; what a RST carries is no part of the stream. */
function sequenceLength(flags: number, payloadBytes: number): number {
  const syn = (flags & Flag.SYN) === 0 ? 0 : 1;
  const fin = (flags & Flag.FIN) === 0 ? 0 : 1;
  return syn + fin + ((flags & Flag.RST) === 0 ? payloadBytes : 0);
}
