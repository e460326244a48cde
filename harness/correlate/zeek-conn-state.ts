import { ZeekState } from './zeek-endpoint.ts';

/** What Zeek's summary of a connection is decided by. */
export interface ConnStateEvidence {
  /** As in {@link ZeekState}. */
  readonly originator: number;
  readonly responder: number;
  /** Octets of payload either way. */
  readonly bytes: number;
  readonly history: string;
}

const { INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET } = ZeekState;

/** Zeek's `conn_state`: the first rule that holds. Source: Zeek, scripts/base/protocols/conn/main.zeek. */
export function connState({ originator, responder, bytes, history }: ConnStateEvidence): string {
  const originatorUnknown = originator === INACTIVE || originator === PARTIAL;
  const responderUnknown = responder === INACTIVE || responder === PARTIAL;
  if (responder === RESET) {
    const refused = originator === SYN_SENT || originator === SYN_ACK_SENT;
    if (refused || (originator === RESET && bytes === 0)) return 'REJ';
    return originatorUnknown ? 'RSTRH' : 'RSTR';
  }
  if (originator === RESET) {
    if (!responderUnknown) return 'RSTO';
    return /^\^?S[^HAFGIQ]*R/.test(history) ? 'RSTOS0' : 'OTH';
  }
  if (originator === CLOSED && responder === CLOSED) return 'SF';
  if (originator === CLOSED) return responderUnknown ? 'SH' : 'S2';
  if (responder === CLOSED) return originatorUnknown ? 'SHR' : 'S3';
  if (originator === SYN_SENT && responder === INACTIVE) return 'S0';
  return originator === ESTABLISHED && responder === ESTABLISHED ? 'S1' : 'OTH';
}
