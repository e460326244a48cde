/** Steps that many scenarios share, with the observations that end them. */
import type { Condition } from '../lab/condition.ts';
import { otherSide, type Side } from '../model/connection.ts';
import type { TcpState } from '../model/tcp-state.ts';
import type { SocketCommand } from '../peer/protocol.ts';
import type { Step } from './scenario.ts';

const CONNECTED = {
  segments: [{ from: 'server', flags: 'SYN,ACK' }],
  acknowledged: ['client', 'server'],
  events: [{ side: 'client', name: 'connect' }],
  states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
} as const satisfies Condition;

/** Connects; both ends are ESTABLISHED, and the server's program may not have accepted yet. */
export const connects: Step = { who: 'client', command: { verb: 'connect' }, until: CONNECTED };

/** Connects, and the server's program has its socket. */
export const connectsAccepted: Step = {
  ...connects,
  until: { ...CONNECTED, events: [...CONNECTED.events, { side: 'server', name: 'connection' }] },
};

/** Writes; the octets crossed and the other program has them. Their ACK may be 40 ms late and is not awaited. */
export function writes(who: Side, data: string): Step {
  return {
    who,
    command: { verb: 'write', data },
    until: {
      segments: [{ from: who, minPayloadBytes: 1 }],
      events: [{ side: otherSide(who), name: 'data' }],
    },
  };
}

/** Half-closes; the FIN was acknowledged and both ends are where the table puts them. */
export function ends(who: Side, states: Readonly<Record<Side, TcpState>>, data?: string): Step {
  return {
    who,
    command: { verb: 'end', ...(data !== undefined && { data }) },
    until: { segments: [{ from: who, flags: 'FIN' }], acknowledged: [who], states },
  };
}

/** Sends the second FIN; the first closer is left in TIME-WAIT, this one gone. */
export function endsLast(who: Side): Step {
  return ends(who, closedAfter(otherSide(who)));
}

/** What `ss` shows once a close that `firstCloser` began is complete. */
export function closedAfter(firstCloser: Side): Record<Side, TcpState> {
  return firstCloser === 'client'
    ? { client: 'TIME-WAIT', server: 'CLOSED' }
    : { client: 'CLOSED', server: 'TIME-WAIT' };
}

/**
 * Resets; both sockets are gone.
 * @param options.told whether the other program is told, too: one that has read the end already is not
 */
export function resets(who: Side, { told = false }: { readonly told?: boolean } = {}): Step {
  return {
    who,
    command: { verb: 'resetAndDestroy' },
    until: {
      segments: [{ from: who, flags: 'RST' }],
      ...(told && { events: [{ side: otherSide(who), name: 'close' }] }),
      states: { client: 'CLOSED', server: 'CLOSED' },
    },
  };
}

/** Any other command, with its own condition. */
export function tells(who: Side, command: SocketCommand, until: Condition): Step {
  return { who, command, until };
}
