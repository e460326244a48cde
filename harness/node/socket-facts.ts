/**
 * What the observer reads of sockets and servers: plain fields and handles, never a getter that leaves a trace or that a
 * subclass has put in front of them.
 */
import { Buffer } from 'node:buffer';
import net, { type Server, type Socket } from 'node:net';
import { plainAddress } from '../model/endpoint.ts';
import type { Layer } from '../model/node-event.ts';

// Taken now: a program may put stand-ins in their place.
const byteLength = Buffer.byteLength.bind(Buffer);
const { isIPv4, SocketAddress } = net;

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

/**
 * Filled by every question to the kernel: a new object would cost a third of it, and one that is no dictionary to V8
 * another third.
 */
const answer: NameOut & { family?: string } = Object.assign(Object.create(null) as object, {
  address: undefined,
  family: '',
  port: undefined,
});

/** A pipe's has none of these; that of TLS hands on what it is asked to its `_parent`, whatever that is. */
type AnyHandle = Partial<TcpHandle> & { readonly _parent?: AnyHandle | null };

/** What `net`, `http` and streams keep on their objects. */
interface Internals {
  readonly _handle?: AnyHandle | null;
  readonly _parent?: Socket | null;
  readonly _httpMessage?: object | null;
  readonly parser?: object | null;
  readonly server?: Server | null;
  readonly encrypted?: boolean;
  readonly resetAndClosing?: boolean;
  readonly _readableState?: {
    readonly length: number;
    readonly flowing: boolean | null;
    readonly ended: boolean;
    readonly endEmitted: boolean;
    readonly encoding: string | null;
  };
  readonly _writableState?: {
    readonly length: number;
    readonly ended: boolean;
    readonly finished: boolean;
    readonly defaultEncoding: string;
  };
  readonly _bytesDispatched?: number;
  readonly _connections?: number;
}

export function internals(of: Socket | Server): Internals {
  return of as unknown as Internals;
}

/** The TCP handle, of TLS the one that it lies over; undefined for pipes, and for TLS over pipes and other streams. */
export function tcpHandle(of: Socket | Server): TcpHandle | undefined {
  let handle = internals(of)._handle;
  while (handle?._parent) handle = handle._parent;
  return typeof handle?.getsockname === 'function' ? (handle as TcpHandle) : undefined;
}

/** −1 for what has none. */
export function fdOf(handle: TcpHandle | undefined): number {
  return typeof handle?.fd === 'number' ? handle.fd : -1;
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

export function dispatchedBytes(socket: Socket): number {
  return internals(socket)._bytesDispatched ?? 0;
}

/** −1 for what is no chunk: `end()` may be given a callback only. */
export function octets(chunk: unknown, encoding: string | null | undefined): number {
  if (ArrayBuffer.isView(chunk)) return chunk.byteLength;
  return typeof chunk === 'string' ? byteLength(chunk, (encoding ?? 'utf8') as BufferEncoding) : -1;
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

/**
 * The peer of a socket that has just connected.
 * @param target whom it was to connect to: spares the kernel the question where it can only be that, which is an IPv4
 * address that is no wildcard (Linux connects 0.0.0.0 to the loopback)
 */
export function connectedPeer(handle: TcpHandle, target: PlainEnd | undefined): PlainEnd | undefined {
  const isCertain = target !== undefined && target.address !== '0.0.0.0' && isIPv4(target.address);
  return isCertain ? target : peerEnd(handle);
}

export function plainEnd({ address, port }: NameOut): PlainEnd | undefined {
  if (address === undefined || port === undefined) return undefined;
  return { address: address.startsWith('::ffff:') ? plainAddress(address) : address, port };
}

/** An end as a program gives it: IPv6 addresses have many spellings, of which the kernel uses one. */
export function givenEnd(address: string, port: number): PlainEnd | undefined {
  return plainEnd({ address: address.includes(':') ? canonical(address) : address, port });
}

function canonical(address: string): string {
  try {
    return new SocketAddress({ address, family: 'ipv6' }).address;
  } catch {
    return address;
  }
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
