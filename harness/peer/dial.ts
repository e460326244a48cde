import net, { type Socket } from 'node:net';
import { type Endpoint, plainAddress } from '../model/endpoint.ts';
import { limitIdle } from '../timing.ts';
import type { Behaviour, TcpTarget } from './behaviour.ts';
import type { ClientOptions } from './protocol.ts';

/** A client's socket before it connects, and how to make it connect. */
export interface Dialling {
  readonly socket: Socket;
  readonly abort?: AbortController;
  connect(): void;
}

/** Makes the socket of a client program. */
export function socketFor(behaviour: Behaviour, to: Endpoint, options: ClientOptions): Dialling {
  const { autoSelectFamily, autoSelectFamilyAttemptTimeoutMs, idleLimitMs } = options;
  const abort = options.abortable === true ? new AbortController() : undefined;
  const socket = new net.Socket({
    allowHalfOpen: options.allowHalfOpen ?? behaviour.allowHalfOpen,
    ...(abort && { signal: abort.signal }),
    // connect() documents them and does not look at them: only net.connect() hands them on to the socket it makes.
    ...switches(options),
  });
  if (idleLimitMs !== undefined) limitIdle(socket, idleLimitMs);
  return {
    socket,
    ...(abort && { abort }),
    connect: () => {
      socket.connect({
        ...targetOf(to, options),
        ...(autoSelectFamily !== undefined && { autoSelectFamily }),
        ...(autoSelectFamilyAttemptTimeoutMs !== undefined && {
          autoSelectFamilyAttemptTimeout: autoSelectFamilyAttemptTimeoutMs,
        }),
      });
    },
  };
}

export function targetOf(to: Endpoint, { host, localAddress, localPort }: ClientOptions): TcpTarget {
  return {
    host: host ?? to.address,
    port: to.port,
    ...(localAddress !== undefined && { localAddress }),
    ...(localPort !== undefined && { localPort }),
  };
}

function switches(options: ClientOptions): Pick<net.TcpSocketConnectOpts, 'noDelay' | 'keepAlive'> {
  const { noDelay, keepAlive, keepAliveInitialDelayMs } = options;
  return {
    ...(noDelay !== undefined && { noDelay }),
    ...(keepAlive !== undefined && { keepAlive }),
    ...(keepAliveInitialDelayMs !== undefined && { keepAliveInitialDelay: keepAliveInitialDelayMs }),
  };
}

/** Node's own, which `socket.localPort` asks too, and then remembers: asked too early it would remember port 0. */
interface TcpHandle {
  getsockname?(out: { address?: string; port?: number }): number;
}

/**
 * The socket's own end as the kernel has it now, known from connect(2) on, long before 'connect'.
 * @returns undefined while it has none, and when the attempt is over already
 */
export function localEndOf(socket: Socket): Endpoint | undefined {
  const handle = Reflect.get(socket, '_handle') as TcpHandle | null;
  const out: { address?: string; port?: number } = {};
  handle?.getsockname?.(out);
  if (out.address === undefined || out.port === undefined || out.port === 0) return undefined;
  return { address: plainAddress(out.address), port: out.port };
}
