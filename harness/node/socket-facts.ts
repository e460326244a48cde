/**
 * What the observer reads of sockets and servers: plain fields and handles, never a getter that leaves a trace or that a
 * subclass has put in front of them.
 */
import net, { type Server, type Socket } from 'node:net';
import { plainAddress } from '../model/endpoint.ts';
import type { Layer } from '../model/node-event.ts';

/** What libuv's handle for TCP, or TLS over it, offers. */
export interface TcpHandle {
  readonly fd?: number;
  getsockname(out: NameOut): number;
  getpeername(out: NameOut): number;
}

interface NameOut {
  address?: string | undefined;
  port?: number | undefined;
}

/** Filled by every question to the kernel: a new object would cost a third of it. */
const answer: NameOut & { family?: string } = { address: undefined, family: '', port: undefined };

/** What `net` and `http` keep on their objects. */
interface Internals {
  readonly _handle?: Partial<TcpHandle> | null;
  readonly _parent?: Socket | null;
  readonly _httpMessage?: object | null;
  readonly parser?: object | null;
  readonly server?: Server | null;
  readonly encrypted?: boolean;
  readonly _readableState?: {
    readonly ended?: boolean;
    readonly endEmitted?: boolean;
    readonly flowing?: boolean | null;
    readonly length?: number;
  };
  readonly _writableState?: { readonly finished?: boolean; readonly length?: number };
  readonly _bytesDispatched?: number;
  readonly _connections?: number;
}

export function internals(of: Socket | Server): Internals {
  return of as unknown as Internals;
}

/** `readableFlowing`. */
export function isFlowing(socket: Socket): boolean | null | undefined {
  return internals(socket)._readableState?.flowing;
}

/** Both its ends are over, and what hangs on them has been told. */
export function hasEnded(socket: Socket): boolean {
  const { _readableState, _writableState } = internals(socket);
  return _readableState?.endEmitted === true && _writableState?.finished === true;
}

/** `readableLength`; −1 without a stream's state. */
export function unreadBytes(socket: Socket): number {
  return internals(socket)._readableState?.length ?? -1;
}

/** `writableLength`; −1 without a stream's state. */
export function pendingBytes(socket: Socket): number {
  return internals(socket)._writableState?.length ?? -1;
}

const bytesReadOf = getterOf(net.Socket.prototype, 'bytesRead');

/** The count is behind a symbol of Node's own: by the getter that net had when this was loaded. */
export function bytesRead(socket: Socket): number {
  const bytes = bytesReadOf(socket);
  return typeof bytes === 'number' ? bytes : -1;
}

function getterOf(prototype: object, name: string): (of: object) => unknown {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  const get: unknown = Reflect.get(descriptor, 'get');
  return typeof get === 'function' ? (of) => Reflect.apply(get, of, []) as unknown : () => undefined;
}

/** What Node has put on the socket itself; undefined where a subclass has an accessor of that name. */
export function ownField(socket: Socket, name: 'allowHalfOpen' | 'timeout'): unknown {
  return Object.getOwnPropertyDescriptor(socket, name)?.value;
}

/** The handle, unless it is a pipe's or gone. */
export function tcpHandle(of: Socket | Server): TcpHandle | undefined {
  const handle = internals(of)._handle;
  return typeof handle?.getsockname === 'function' ? (handle as TcpHandle) : undefined;
}

/** An end as the kernel tells it: `socket.localAddress` would remember it on the socket, for inspect() to show. */
export interface PlainEnd {
  readonly address: string;
  readonly port: number;
}

export function localEnd(handle: TcpHandle | undefined): PlainEnd | undefined {
  return handle !== undefined && handle.getsockname(answer) === 0 ? plainEnd(answer) : undefined;
}

export function peerEnd(handle: TcpHandle | undefined): PlainEnd | undefined {
  if (typeof handle?.getpeername !== 'function' || handle.getpeername(answer) !== 0) return undefined;
  return plainEnd(answer);
}

export function plainEnd({ address, port }: NameOut): PlainEnd | undefined {
  if (address === undefined || port === undefined) return undefined;
  return { address: address.startsWith('::ffff:') ? plainAddress(address) : address, port };
}

/** An error's code without running code of the program's, as a getter would. */
export function errorField(error: unknown, name: 'code' | 'syscall' | 'name'): string | undefined {
  for (let at: unknown = error; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const value: unknown = Object.getOwnPropertyDescriptor(at, name)?.value;
    if (value !== undefined) return typeof value === 'string' ? value : undefined;
  }
  return undefined;
}

/** `ECONNRESET` and the like, or the error's name. */
export function errorCode(error: unknown): string {
  return errorField(error, 'code') ?? errorField(error, 'name') ?? 'UNKNOWN';
}

/** What a server speaks, by what only servers of that kind have. */
export function serverLayer(server: Server): Layer | undefined {
  const has = (name: string): boolean => name in server;
  if (has('updateSettings')) return 'http2';
  const isTls = has('setSecureContext');
  if (has('keepAliveTimeout')) return isTls ? 'https' : 'http';
  return isTls ? 'tls' : undefined;
}

/** HTTP's own: between two requests. A socket in use carries its message. */
export function isIdle(socket: Socket): boolean {
  const { _httpMessage } = internals(socket);
  return _httpMessage === null || _httpMessage === undefined;
}

/** A WebSocket of `ws` took the socket over from HTTP. */
export function hasWebSocket(socket: Socket): boolean {
  return Object.getOwnPropertySymbols(socket).some(({ description }) => description === 'websocket');
}
