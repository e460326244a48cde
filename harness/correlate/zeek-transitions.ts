/** What a segment makes of the states. Source: Zeek, src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc. */
import { Flag } from '../model/segment.ts';
import { Mark, ZeekState, type ZeekEndpoint } from './zeek-endpoint.ts';
import * as Letter from '../prediction/letter.ts';
import type { ZeekHistory } from './zeek-history.ts';
import type { ZeekRoles } from './zeek-roles.ts';

const { INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET } = ZeekState;
const CONTROL = Flag.SYN | Flag.FIN | Flag.RST;

/** A SYN,ACK that is followed by an ACK or data was no scan: its SYN was missed, and its sender is the responder. */
export function believeSynAck(roles: ZeekRoles, history: ZeekHistory): void {
  roles.flip();
  roles.excuse(roles.originator);
  roles.noteSent(roles.responder);
  history.clear();
  history.append(Letter.FLIP, true);
  history.append(Letter.SYN_ACK, false);
  if (roles.responder.state === SYN_ACK_SENT) roles.responder.enter(ESTABLISHED);
}

/** True when the segment closes its sender's half. */
export function enterStates(
  roles: ZeekRoles,
  history: ZeekHistory,
  sender: ZeekEndpoint,
  flags: number,
  payloadBytes: number,
): boolean {
  const closes = (flags & (Flag.FIN | Flag.RST)) !== 0;
  const peer = sender === roles.originator ? roles.responder : roles.originator;
  switch (sender.state) {
    case INACTIVE:
      if ((flags & Flag.SYN) !== 0) open(roles, history, sender, peer, flags);
      if ((flags & CONTROL) === 0) joinHalfway(roles, sender, peer, flags, payloadBytes);
      leave(sender, flags);
      return closes;
    case SYN_SENT:
    case SYN_ACK_SENT:
      leave(sender, flags);
      return closes;
    case PARTIAL:
    case ESTABLISHED:
      if (isPureSyn(flags) && sender.state === PARTIAL && peer.state === INACTIVE) sender.enter(SYN_SENT);
      if (closes) closeEstablished(sender, peer, flags);
      return closes;
    case CLOSED:
      // After a FIN from each, a RST changes nothing.
      if ((flags & Flag.RST) === 0 || peer.state === CLOSED) return false;
      sender.enter(RESET);
      return !sender.is(Mark.CLOSE_DONE);
    default:
      return false;
  }
}

function isPureSyn(flags: number): boolean {
  return (flags & (Flag.SYN | Flag.ACK)) === Flag.SYN;
}

function leave(sender: ZeekEndpoint, flags: number): void {
  if ((flags & Flag.FIN) !== 0) sender.enter(CLOSED);
  if ((flags & Flag.RST) !== 0) sender.enter(RESET);
}

function closeEstablished(sender: ZeekEndpoint, peer: ZeekEndpoint, flags: number): void {
  if ((flags & Flag.RST) !== 0) {
    sender.enter(RESET);
    return;
  }
  sender.enter(CLOSED);
  // The peer's RST came after its FIN: an orderly close after all.
  if (peer.state === RESET && peer.previousState === CLOSED) peer.enter(CLOSED);
}

function open(
  roles: ZeekRoles,
  history: ZeekHistory,
  sender: ZeekEndpoint,
  peer: ZeekEndpoint,
  flags: number,
): void {
  if (sender === roles.originator) {
    sender.enter(isPureSyn(flags) ? SYN_SENT : SYN_ACK_SENT);
    return;
  }
  if (isPureSyn(flags) && peer.state === SYN_ACK_SENT) {
    // Captured after its SYN,ACK.
    roles.flip();
    roles.noteSent(sender);
    history.append(Letter.FLIP, true);
    peer.enter(ESTABLISHED);
  }
  if (peer.state === SYN_SENT) peer.enter(ESTABLISHED);
  sender.enter(ESTABLISHED);
}

function joinHalfway(
  roles: ZeekRoles,
  sender: ZeekEndpoint,
  peer: ZeekEndpoint,
  flags: number,
  payloadBytes: number,
): void {
  // Some acknowledge a SYN before they send their own.
  if (sender === roles.responder && payloadBytes === 0 && peer.state === SYN_SENT) return;
  if ((flags & Flag.ACK) !== 0 && peer.state === ESTABLISHED) {
    sender.enter(ESTABLISHED);
    roles.excuse(sender);
  } else {
    sender.enter(PARTIAL);
  }
}
