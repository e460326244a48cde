import type { ConnectAttempt } from '../model/socket-life.ts';
import type { ControlSegment, Happening } from '../model/run-connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import type { PlacedLife } from './placed-life.ts';

/** What our side was told when a segment came; undefined when nothing. */
export function effectOf(
  segment: ControlSegment,
  life: PlacedLife,
  attempt: ConnectAttempt | undefined,
): Happening | undefined {
  if (segment.retransmission) return undefined;
  if (hasFlags(segment, Flag.RST)) return effectOfRst(segment, life, attempt);
  if (hasFlags(segment, Flag.SYN | Flag.ACK)) {
    // The socket's 'connect' is of the attempt that did not fail.
    return attempt?.failed === undefined
      ? told("'connect'", life.first('finwait:socket:connect'), segment, life)
      : undefined;
  }
  const drop = life.first('finwait:server:drop');
  if (hasFlags(segment, Flag.SYN) && drop !== undefined) return told("'drop'", drop, segment, life);
  if (hasFlags(segment, Flag.SYN))
    return told("'connection'", life.first('finwait:socket:accept'), segment, life);
  return told("'end'", life.first('finwait:socket:remote-end'), segment, life);
}

function effectOfRst(
  segment: ControlSegment,
  life: PlacedLife,
  attempt: ConnectAttempt | undefined,
): Happening | undefined {
  const failed = attempt?.failed;
  if (failed !== undefined) return told(`error ${failed.code}`, failed, segment, life);
  const error = life.life.events.find(
    (event) => event.name === 'finwait:socket:error' && life.at(event.atNs) >= segment.atNs - life.errorNs,
  );
  if (error?.name !== 'finwait:socket:error') return undefined;
  return told(`error ${error.code}`, error, segment, life);
}

function told(
  what: string,
  event: { readonly atNs: bigint } | undefined,
  segment: ControlSegment,
  life: PlacedLife,
): Happening | undefined {
  if (event === undefined) return undefined;
  return { by: 'node', what, delayNs: life.at(event.atNs) - segment.atNs };
}
