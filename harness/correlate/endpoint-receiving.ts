/** What segments do to the endpoint that receives them: RFC 9293 §3.10.7. */
import { Flag } from '../model/segment.ts';
import { controlOctets, type TrackedEndpoint } from './tracked-endpoint.ts';
import { Event, State } from './transition-codes.ts';

/**
 * Takes a segment that has arrived at the endpoint: numbers, those of sequence as signed 32 bits.
 * @param anomalies what the table does not allow is added here
 */
export function receiveSegment(
  end: TrackedEndpoint,
  flags: number,
  sequence: number,
  acknowledgment: number,
  payloadBytes: number,
  anomalies: string[],
): void {
  const state = end.stateCode;
  const control = flags & (Flag.SYN | Flag.FIN | Flag.RST);
  if ((control & Flag.RST) !== 0) receiveReset(end, flags, sequence, acknowledgment, anomalies);
  else if (control === (Flag.SYN | Flag.FIN)) anomalies.push('SYN with FIN');
  else if (state === State.CLOSED) receiveClosed(end, flags, payloadBytes, anomalies);
  else if (state === State.LISTEN || state === State.SYN_SENT)
    receiveUnopened(end, flags, sequence, acknowledgment, payloadBytes, anomalies);
  else if (control === Flag.SYN) receiveSyn(end, flags, sequence, acknowledgment, anomalies);
  else receiveOpened(end, flags, sequence, acknowledgment, payloadBytes, anomalies);
}

function receiveReset(
  end: TrackedEndpoint,
  flags: number,
  sequence: number,
  acknowledgment: number,
  anomalies: string[],
): void {
  // It is answered by a challenge ACK (RFC 5961 §3.2), or dropped.
  if (end.refusesReset(flags, sequence, acknowledgment)) {
    const opens = end.stateCode === State.SYN_SENT;
    anomalies.push(opens ? 'RST that does not acknowledge the SYN' : 'RST out of sequence');
  } else end.apply(Event.RECV_RST, anomalies);
}

/** §3.10.7.1: whatever it is, it is discarded and, unless a RST, answered by one. */
function receiveClosed(end: TrackedEndpoint, flags: number, payloadBytes: number, anomalies: string[]): void {
  const opens = (flags & (Flag.SYN | Flag.ACK)) === Flag.SYN;
  if (opens) end.apply(Event.RECV_SYN, anomalies);
  else if (payloadBytes + controlOctets(flags) > 0) anomalies.push('segment to a closed end');
}

/** §3.10.7.2 and §3.10.7.3. */
function receiveUnopened(
  end: TrackedEndpoint,
  flags: number,
  sequence: number,
  acknowledgment: number,
  payloadBytes: number,
  anomalies: string[],
): void {
  const acks = (flags & Flag.ACK) !== 0;
  if (acks && (end.stateCode === State.LISTEN || !end.send.acknowledgesNew(acknowledgment))) {
    end.refuseAck(flags, acknowledgment, anomalies);
    return;
  }
  if ((flags & Flag.SYN) === 0) {
    anomalies.push(`segment without SYN in ${end.state}`);
    return;
  }
  end.receive.begin(sequence);
  end.receive.take(flags, sequence, payloadBytes + controlOctets(flags));
  if (acks) end.send.una = acknowledgment;
  end.apply(acks ? Event.RECV_SYN_ACK : Event.RECV_SYN, anomalies);
}

/** §3.10.7.4, a SYN in a later state: the other half of a simultaneous open, a copy, or an intruder. */
function receiveSyn(
  end: TrackedEndpoint,
  flags: number,
  sequence: number,
  acknowledgment: number,
  anomalies: string[],
): void {
  if (end.presumed !== 0 && (flags & Flag.ACK) !== 0) {
    if (end.presumed === 2) anomalies.push('data before established');
    end.presumed = 0;
    if (end.receive.known) return;
    end.receive.begin(sequence);
    end.receive.take(flags, sequence, 1);
    return;
  }
  if (end.receive.known && sequence !== end.receive.irs) {
    anomalies.push('SYN inside the connection');
    return;
  }
  if (end.stateCode !== State.SYN_RECEIVED || (flags & Flag.ACK) === 0) return;
  if (!end.send.acknowledgesNew(acknowledgment)) {
    end.refuseAck(flags, acknowledgment, anomalies);
    return;
  }
  end.send.una = acknowledgment;
  end.apply(Event.RECV_SYN_ACK, anomalies);
}

/** §3.10.7.4: the first step, then from the fifth on. */
function receiveOpened(
  end: TrackedEndpoint,
  flags: number,
  sequence: number,
  acknowledgment: number,
  payloadBytes: number,
  anomalies: string[],
): void {
  const length = payloadBytes + controlOctets(flags);
  if (end.receive.known && !end.receive.accepts(sequence, length)) return;
  if ((flags & Flag.ACK) === 0) {
    anomalies.push('segment without ACK');
    return;
  }
  const opens = end.stateCode === State.SYN_RECEIVED;
  const refused = opens
    ? !end.send.acknowledgesNew(acknowledgment)
    : end.send.acknowledgesUnsent(acknowledgment) && !(end.mayMiss && end.send.believe(acknowledgment));
  if (refused) {
    end.refuseAck(flags, acknowledgment, anomalies);
    return;
  }
  if (opens) end.apply(Event.RECV_ACK_OF_SYN, anomalies);
  const acksFin = end.send.takeAck(acknowledgment);
  if (!end.receive.known) end.receive.begin(sequence);
  const takesFin = end.receive.take(flags, sequence, length);
  if (acksFin || takesFin) close(end, acksFin, takesFin, anomalies);
}

function close(end: TrackedEndpoint, acksFin: boolean, takesFin: boolean, anomalies: string[]): void {
  if (takesFin && acksFin && end.stateCode === State.FIN_WAIT_1) {
    end.apply(Event.RECV_FIN_AND_ACK_OF_FIN, anomalies);
    return;
  }
  if (acksFin) end.apply(Event.RECV_ACK_OF_FIN, anomalies);
  if (takesFin) end.apply(Event.RECV_FIN, anomalies);
}
