import type { Server, Socket } from 'node:net';
import { CALLED_BY_NODE, type Caller, CallerReader } from './call-site.ts';
import { sinceOriginNs } from './clock.ts';
import { Code, type EventSink } from './event-sink.ts';
import {
  errorField,
  hasWebSocket,
  internals,
  isIdle,
  localEnd,
  peerEnd,
  type PlainEnd,
  type TcpHandle,
  tcpHandle,
} from './socket-facts.ts';
import type { Layer } from '../model/node-event.ts';

/** A method of ours that is on the stack, to read its caller below it. */
type Below = (...args: never[]) => unknown;

/** Past this many pauses and resumes on a socket no more are told: backpressure may take thousands. */
const TOLD_PAUSES = 64;

/** What is known of one socket's life. A socket that connects again begins another. */
class SocketLife {
  readonly id: number;
  /** Its first event was told; before that it may yet turn out to be a pipe. */
  told = false;
  ended = false;
  destroyed = false;
  /** Node is about to destroy it of its own accord, before any other code runs. */
  nodeDestroys = false;
  attempts = 0;
  pauses = 0;
  calledAtNs = 0;
  caller: Caller | undefined;
  layer: Layer | undefined;

  constructor(id: number) {
    this.id = id;
  }
}

/** Where a server's connections come in, as far as it saves a question to the kernel. */
export interface Listener {
  readonly id: number;
  readonly layer: Layer | undefined;
  /** Absent for wildcard addresses: there each connection has its own. */
  readonly local: PlainEnd | undefined;
}

/** Turns what happens to sockets into events. */
export class SocketWatch {
  readonly callers: CallerReader;
  readonly #sink: EventSink;
  readonly #lives = new WeakMap<Socket, SocketLife>();
  #lastId = 0;

  constructor(sink: EventSink) {
    this.#sink = sink;
    this.callers = new CallerReader((site) => sink.definitions.siteId(site));
  }

  /** The id that events give this socket, from now on if it had none. */
  idOf(socket: Socket): number {
    return (this.#lives.get(socket) ?? this.#begin(socket)).id;
  }

  connecting(socket: Socket, atNs: number, below: Below): void {
    const known = this.#lives.get(socket);
    const life = known === undefined || known.destroyed ? this.#begin(socket) : known;
    life.calledAtNs = atNs;
    life.caller = this.callers.callerOf(below);
    life.layer = life.caller.layer;
  }

  /** `connect()` has returned: now it has a handle, and is no pipe. */
  connectCalled(socket: Socket): void {
    const life = this.#lives.get(socket);
    if (life !== undefined && tcpHandle(socket) !== undefined) this.#tellCreated(socket, life);
  }

  accepted(socket: Socket, { id, layer, local }: Listener, atNs: number): void {
    const handle = tcpHandle(socket);
    if (handle === undefined) return;
    const life = this.#begin(socket);
    life.told = true;
    life.layer = layer;
    this.#sink.emit(Code['finwait:socket:accept'], atNs, life.id, [
      ...this.#end(local ?? localEnd(handle)),
      ...this.#end(peerEnd(handle)),
      fdOf(handle),
      id,
      flag(socket.allowHalfOpen),
      this.#text(layer),
    ]);
  }

  endCalled(socket: Socket, below: Below): void {
    const life = this.#lifeOf(socket);
    if (life === undefined || life.ended || life.destroyed) return;
    life.ended = true;
    this.#tellCall(Code['finwait:socket:end-call'], socket, life, this.callers.callerOf(below));
  }

  resetCalled(socket: Socket, below: Below): void {
    const life = this.#lifeOf(socket);
    if (life === undefined || life.destroyed) return;
    this.#tellCall(Code['finwait:socket:reset-call'], socket, life, this.callers.callerOf(below));
  }

  /** Called by the stream once a socket, whatever destroys it. */
  destroyCalled(socket: Socket, error: unknown, below: Below): void {
    const life = this.#lifeOf(socket);
    if (life === undefined || life.destroyed) return;
    const byNode = life.nodeDestroys || isResetting(socket);
    const caller = byNode ? CALLED_BY_NODE : this.callers.callerOf(below);
    life.destroyed = true;
    this.#tellCall(Code['finwait:socket:destroy-call'], socket, life, caller, [
      flag(internals(socket)._readableState?.ended === true),
      this.#text(errorField(error, 'code') ?? errorField(error, 'name')),
    ]);
  }

  /** Not every `pause()`: `pipe()` and HTTP call it on paused sockets, too. */
  pauseCalled(socket: Socket, below: Below): void {
    if (socket.readableFlowing !== false) this.#tellPause(Code['finwait:socket:pause'], socket, below);
  }

  /** Not the `resume()` of `on('data')`: every reader does it, and it says nothing. */
  resumeCalled(socket: Socket, below: Below): void {
    if (socket.readableFlowing === false) this.#tellPause(Code['finwait:socket:resume'], socket, below);
  }

  wantsWrites(): boolean {
    return this.#sink.wants(Code['finwait:socket:write']);
  }

  dispatchedBytes(socket: Socket): number {
    return internals(socket)._bytesDispatched ?? 0;
  }

  written(socket: Socket, before: number): void {
    const bytes = this.dispatchedBytes(socket) - before;
    const life = bytes > 0 ? this.#lifeOf(socket) : undefined;
    if (life !== undefined) this.#tell(Code['finwait:socket:write'], life, [bytes]);
  }

  /** `socket` is about to emit an event to the program's listeners. */
  emitting(socket: Socket, name: unknown, args: readonly unknown[]): void {
    switch (name) {
      case 'data':
        this.#read(socket, args[0]);
        return;
      case 'connectionAttempt':
        this.#attempting(socket, args);
        return;
      case 'connectionAttemptFailed':
        this.#attemptFailed(socket, args, errorField(args[3], 'code') ?? 'UNKNOWN');
        return;
      case 'connectionAttemptTimeout':
        this.#attemptFailed(socket, args, 'ATTEMPT_TIMEOUT');
        return;
      case 'connect':
        this.#connected(socket);
        return;
      case 'end':
        this.#tellWithLayer(Code['finwait:socket:remote-end'], socket, []);
        return;
      case 'finish':
        this.#tellPlain(Code['finwait:socket:finish'], socket);
        return;
      case 'drain':
        this.#tellPlain(Code['finwait:socket:drain'], socket);
        return;
      case 'free':
        this.#tellWithLayer(Code['finwait:socket:free'], socket, []);
        return;
      case 'timeout':
        this.#tellWithLayer(Code['finwait:socket:timeout'], socket, [socket.timeout ?? -1]);
        return;
      case 'error':
        this.#tellWithLayer(Code['finwait:socket:error'], socket, [
          this.#text(errorField(args[0], 'code') ?? errorField(args[0], 'name') ?? 'UNKNOWN'),
          this.#text(errorField(args[0], 'syscall')),
        ]);
        return;
      case 'close':
        this.#closed(socket, args[0] === true);
    }
  }

  /**
   * 'end' or 'finish' was emitted. When both were, the stream destroys itself right now, with no other code between
   * (`finish()` and `endReadableNT()` of Node's streams): a destroy() that comes is Node's, and no stack need be read.
   */
  emittedEnd(socket: Socket): void {
    const life = this.#lives.get(socket);
    if (life !== undefined) life.nodeDestroys = socket.readableEnded && socket.writableFinished;
  }

  #begin(socket: Socket): SocketLife {
    const life = new SocketLife(++this.#lastId);
    this.#lives.set(socket, life);
    return life;
  }

  /** The socket's life, beginning now when it is met for the first time with a TCP handle in hand. */
  #lifeOf(socket: Socket): SocketLife | undefined {
    const known = this.#lives.get(socket);
    if (known?.told === true) return known;
    if (tcpHandle(socket) === undefined) return undefined;
    const life = known ?? this.#begin(socket);
    this.#tellCreated(socket, life);
    return life;
  }

  #tellCreated(socket: Socket, life: SocketLife): void {
    if (life.told) return;
    life.told = true;
    const { caller } = life;
    const { _parent } = internals(socket);
    const over = _parent ? this.#lives.get(_parent)?.id : undefined;
    if (caller === undefined) life.layer = internals(socket).encrypted === true ? 'tls' : undefined;
    const handle = caller === undefined ? tcpHandle(socket) : undefined;
    this.#sink.emit(
      Code['finwait:socket:create'],
      caller === undefined ? sinceOriginNs() : life.calledAtNs,
      life.id,
      [
        this.#text(caller && 'client'),
        flag(socket.allowHalfOpen),
        over ?? -1,
        this.#text(life.layer),
        this.#text(caller?.by),
        caller?.siteId ?? -1,
        ...this.#end(localEnd(handle)),
        ...this.#end(peerEnd(handle)),
        handle === undefined ? -1 : fdOf(handle),
      ],
    );
  }

  #attempting(socket: Socket, [address, port]: readonly unknown[]): void {
    const life = this.#lives.get(socket);
    if (life === undefined || typeof address !== 'string' || typeof port !== 'number') return;
    this.#tellCreated(socket, life);
    life.attempts++;
    const values = [this.#text(address), port, life.attempts, life.caller?.siteId ?? -1];
    this.#tell(Code['finwait:socket:connect-start'], life, values);
  }

  #attemptFailed(socket: Socket, [address, port]: readonly unknown[], code: string): void {
    const life = this.#lives.get(socket);
    if (life?.told !== true || typeof address !== 'string' || typeof port !== 'number') return;
    const values = [this.#text(address), port, life.attempts, this.#text(code)];
    this.#tell(Code['finwait:socket:connect-failed'], life, values);
  }

  #connected(socket: Socket): void {
    const atNs = sinceOriginNs();
    const handle = tcpHandle(socket);
    const life = this.#lifeOf(socket);
    if (handle === undefined || life === undefined) return;
    const ends = [...this.#end(localEnd(handle)), ...this.#end(peerEnd(handle)), fdOf(handle)];
    this.#sink.emit(Code['finwait:socket:connect'], atNs, life.id, ends);
  }

  #read(socket: Socket, chunk: unknown): void {
    if (!this.#sink.wants(Code['finwait:socket:data'])) return;
    const life = this.#lifeOf(socket);
    const bytes = typeof chunk === 'string' || chunk instanceof Uint8Array ? Buffer.byteLength(chunk) : -1;
    if (life !== undefined) this.#tell(Code['finwait:socket:data'], life, [bytes]);
  }

  #closed(socket: Socket, hadError: boolean): void {
    const life = this.#lives.get(socket);
    if (life?.told !== true) return;
    life.destroyed = true;
    const values = [flag(hadError), socket.bytesRead, this.dispatchedBytes(socket)];
    this.#tell(Code['finwait:socket:close'], life, values);
  }

  #tellPlain(code: number, socket: Socket): void {
    if (!this.#sink.wants(code)) return;
    const life = this.#lifeOf(socket);
    if (life !== undefined) this.#tell(code, life, []);
  }

  #tellWithLayer(code: number, socket: Socket, more: readonly number[]): void {
    const life = this.#lifeOf(socket);
    if (life !== undefined) this.#tell(code, life, [...this.#layer(socket, life), ...more]);
  }

  #tellPause(code: number, socket: Socket, below: Below): void {
    const life = this.#lifeOf(socket);
    if (life === undefined || life.destroyed || ++life.pauses > TOLD_PAUSES) return;
    const { by, siteId } = this.callers.callerOf(below);
    this.#tell(code, life, [this.#text(by), siteId]);
  }

  #tellCall(code: number, socket: Socket, life: SocketLife, caller: Caller, more: readonly number[] = []): void {
    this.#tell(code, life, [
      this.#text(caller.by),
      caller.siteId,
      ...this.#layer(socket, life),
      socket.readableLength,
      socket.writableLength,
      ...more,
    ]);
  }

  #tell(code: number, life: SocketLife, values: readonly number[]): void {
    this.#sink.emit(code, sinceOriginNs(), life.id, values);
  }

  /** Layer and, for HTTP, whether it lies idle. */
  #layer(socket: Socket, life: SocketLife): readonly number[] {
    if (life.layer === undefined) return [-1, -1];
    if (life.layer !== 'http' && life.layer !== 'https') return [this.#text(life.layer), -1];
    const idle = isIdle(socket);
    if (idle && !internals(socket).parser && hasWebSocket(socket)) {
      life.layer = 'ws';
      return [this.#text('ws'), -1];
    }
    return [this.#text(life.layer), flag(idle)];
  }

  #end(end: PlainEnd | undefined): readonly [number, number] {
    return end === undefined ? [-1, -1] : [this.#text(end.address), end.port];
  }

  #text(text: string | undefined): number {
    return this.#sink.definitions.textId(text);
  }
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

function fdOf({ fd }: TcpHandle): number {
  return typeof fd === 'number' ? fd : -1;
}

/** The destroy() that belongs to a resetAndDestroy(). */
function isResetting(socket: Socket): boolean {
  return (socket as Socket & { readonly resetAndClosing?: boolean }).resetAndClosing === true;
}
