import type { ClockMap } from '../../harness/correlate/clocks.ts';
import type { ConnectionRow } from '../../harness/model/connection-row.ts';
import type { NodeEvent, NodeEventName, NodeEvents } from '../../harness/model/node-event.ts';
import type { ControlSegment } from '../../harness/model/run-connection.ts';
import { parseFlags } from '../../harness/model/segment.ts';
import type { SocketLife } from '../../harness/model/socket-life.ts';

export const CLIENT = { address: '10.0.0.1', port: 40000 } as const;
export const SERVER = { address: '10.0.0.2', port: 80 } as const;
export const MS = 1_000_000n;

/** Capture and monotonic clock agree to 10 µs, and are 1 s apart. */
export const CLOCK: ClockMap = { offsetNs: 1_000_000_000n, errorNs: 10_000n };

/** A time of the capture's clock, ms after the clocks' common zero. */
export function wireMs(ms: number): bigint {
  return CLOCK.offsetNs + BigInt(Math.round(ms * 1e6));
}

/** An event `ms` after that same zero, on the monotonic clock. */
export function event<Name extends NodeEventName & `finwait:socket:${string}`>(
  name: Name,
  ms: number,
  fields: Partial<NodeEvents[Name]> = {},
): NodeEvent {
  const base = { name, atNs: BigInt(Math.round(ms * 1e6)), pid: 1, threadId: 0, socket: 1 };
  const defaults = name.endsWith('-call') ? { by: 'program', unreadBytes: 0, pendingBytes: 0 } : {};
  return { ...defaults, ...base, ...fields } as unknown as NodeEvent;
}

export function life(
  role: SocketLife['role'],
  events: readonly NodeEvent[],
  fields: Partial<SocketLife> = {},
): SocketLife {
  const [local, peer] = role === 'client' ? [CLIENT, SERVER] : [SERVER, CLIENT];
  return {
    pid: 1,
    threadId: 0,
    socket: 1,
    nodeVersion: 'v20.20.2',
    role,
    local,
    peer,
    attempts: role === 'client' ? [{ peer: SERVER, attempt: 1, startedAtNs: 0n }] : [],
    events,
    thread: { cut: false, lastEventAtNs: 0n },
    ...fields,
  };
}

let frames = 0;

/** `control('server', 'FIN,ACK', 3)`: a control segment 3 ms after zero. */
export function control(
  from: ControlSegment['from'],
  flags: string,
  ms: number,
  fields: Partial<ControlSegment> = {},
): ControlSegment {
  const nothing = { segments: 0, bytes: 0 };
  return {
    frame: ++frames,
    atNs: wireMs(ms),
    from,
    flags: parseFlags(flags),
    payloadBytes: 0,
    retransmission: false,
    dataBefore: { client: nothing, server: nothing },
    ...fields,
  };
}

export const HANDSHAKE: readonly ControlSegment[] = [
  control('client', 'SYN', 0.1),
  control('server', 'SYN,ACK', 0.2),
];

/** Of an established connection that began at zero. */
export function runRow(fields: Partial<ConnectionRow> = {}): ConnectionRow {
  return {
    id: 1,
    client: CLIENT,
    server: SERVER,
    startNs: wireMs(0.1),
    durationNs: 10e6,
    opening: 'handshake',
    handshakeNs: 200_000,
    ending: 'closed',
    ...fields,
  } as ConnectionRow;
}
