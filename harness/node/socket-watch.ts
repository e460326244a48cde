import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { CALLED_BY_NODE, type Caller, CallerReader } from './call-site.ts';
import { CallerBudget } from './caller-budget.ts';
import { sinceOriginNs } from './clock.ts';
import { Code, type EventSink } from './event-sink.ts';
import {
  bytesRead,
  errorCode,
  errorField,
  hasEnded,
  hasWebSocket,
  internals,
  isFlowing,
  isIdle,
  localEnd,
  ownField,
  peerEnd,
  pendingBytes,
  type PlainEnd,
  plainEnd,
  type TcpHandle,
  tcpHandle,
  unreadBytes,
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
  /** Whose child it is: its server, or the place of its connect(). */
  context = 0;
  attempts = 0;
  /** Whom the last attempt was for: spares the kernel the question when it succeeds. */
  target: PlainEnd | undefined;
  pauses = 0;
  calledAtNs = 0;
  caller: Caller | undefined;
  layer: Layer | undefined;

  constructor(id: number) {
    this.id = id;
  }
}

/** A constructor that gives out what it was given, so that a class can add its private field to any object. */
const Given = function (object: object): object {
  return object;
} as unknown as new (
  object: object,
) => object;

/**
 * Ties a socket to its life by a private field put on it from outside: like a WeakMap invisible to the program, and
 * without a WeakMap's price in garbage collection (4 µs a connection under churn).
 */
class LifeMark extends Given {
  #life: SocketLife;

  private constructor(socket: Socket, life: SocketLife) {
    super(socket);
    this.#life = life;
  }

  static get(socket: object): SocketLife | undefined {
    return #life in socket ? socket.#life : undefined;
  }

  static put(socket: object, life: SocketLife): void {
    if (#life in socket) socket.#life = life;
    else new LifeMark(socket as Socket, life);
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
  readonly callers: CallerBudget;
  readonly #sink: EventSink;
  #lastId = 0;

  constructor(sink: EventSink) {
    this.#sink = sink;
    this.callers = new CallerBudget(new CallerReader((site) => sink.definitions.siteId(site)));
  }

  /** The id that events give this socket, from now on if it had none. */
  idOf(socket: Socket): number {
    return (LifeMark.get(socket) ?? this.#begin(socket)).id;
  }

  connecting(socket: Socket, atNs: number, below: Below): void {
    const known = LifeMark.get(socket);
    const life = known === undefined || known.destroyed ? this.#begin(socket) : known;
    life.calledAtNs = atNs;
    life.caller = this.callers.callerOf(below, 0, atNs);
    life.context = life.caller.siteId * 2 + 1;
    life.layer = life.caller.layer;
  }

  /** `connect()` has returned: now it has a handle, and is no pipe. */
  connectCalled(socket: Socket): void {
    const life = LifeMark.get(socket);
    if (life !== undefined && tcpHandle(socket) !== undefined) this.#tellCreated(socket, life);
  }

  accepted(socket: Socket, { id, layer, local }: Listener, atNs: number): void {
    const handle = tcpHandle(socket);
    if (handle === undefined) return;
    const life = this.#begin(socket);
    life.told = true;
    life.layer = layer;
    life.context = id * 2;
    const sink = this.#sink;
    sink.putEnd(local ?? localEnd(handle));
    sink.putEnd(peerEnd(handle));
    sink.put(fdOf(handle));
    sink.put(id);
    sink.put(flagOf(ownField(socket, 'allowHalfOpen')));
    sink.putText(layer);
    sink.emit(Code['finwait:socket:accept'], atNs, life.id);
  }

  endCalled(socket: Socket, chunk: unknown, below: Below): void {
    const life = this.#lifeOf(socket);
    if (life === undefined || life.ended || life.destroyed) return;
    life.ended = true;
    const atNs = sinceOriginNs();
    this.#putCall(socket, life, this.callers.callerOf(below, life.context, atNs));
    this.#sink.put(octets(chunk));
    this.#sink.emit(Code['finwait:socket:end-call'], atNs, life.id);
  }

  resetCalled(socket: Socket, below: Below): void {
    const life = this.#lifeOf(socket);
    if (life === undefined || life.destroyed) return;
    const atNs = sinceOriginNs();
    this.#putCall(socket, life, this.callers.callerOf(below, life.context, atNs));
    this.#sink.emit(Code['finwait:socket:reset-call'], atNs, life.id);
  }

  /** Called by the stream once a socket, whatever destroys it. */
  destroyCalled(socket: Socket, error: unknown, below: Below): void {
    const life = this.#lifeOf(socket);
    if (life === undefined || life.destroyed) return;
    const atNs = sinceOriginNs();
    const byNode = life.nodeDestroys || isResetting(socket);
    const caller = byNode ? CALLED_BY_NODE : this.callers.callerOf(below, life.context, atNs);
    life.destroyed = true;
    this.#putCall(socket, life, caller);
    this.#sink.putFlag(internals(socket)._readableState?.ended === true);
    this.#sink.putText(error ? errorCode(error) : undefined);
    this.#sink.emit(Code['finwait:socket:destroy-call'], atNs, life.id);
  }

  /** Not every `pause()`: `pipe()` and HTTP call it on paused sockets, too. */
  pauseCalled(socket: Socket, below: Below): void {
    if (isFlowing(socket) !== false) this.#tellPause(Code['finwait:socket:pause'], socket, below);
  }

  /** Not the `resume()` of `on('data')`: every reader does it, and it says nothing. */
  resumeCalled(socket: Socket, below: Below): void {
    if (isFlowing(socket) === false) this.#tellPause(Code['finwait:socket:resume'], socket, below);
  }

  wantsWrites(): boolean {
    return this.#sink.wants(Code['finwait:socket:write']);
  }

  dispatchedBytes(socket: Socket): number {
    return internals(socket)._bytesDispatched ?? 0;
  }

  written(socket: Socket, before: number, atNs: number): void {
    const bytes = this.dispatchedBytes(socket) - before;
    const life = bytes > 0 ? this.#lifeOf(socket) : undefined;
    if (life === undefined) return;
    this.#sink.put(bytes);
    this.#sink.emit(Code['finwait:socket:write'], atNs, life.id);
  }

  /**
   * `socket` is about to emit an event to the program's listeners.
   * @param first the event's first argument, and so on
   */
  emitting(socket: Socket, name: unknown, first: unknown, second: unknown, fourth: unknown): void {
    switch (name) {
      case 'data':
        this.#read(socket, first);
        return;
      case 'connectionAttempt':
        this.#attempting(socket, first, second);
        return;
      case 'connectionAttemptFailed':
        this.#attemptFailed(socket, first, second, errorCode(fourth));
        return;
      case 'connectionAttemptTimeout':
        this.#attemptFailed(socket, first, second, 'ATTEMPT_TIMEOUT');
        return;
      case 'connect':
        this.#connected(socket);
        return;
      case 'end':
        this.#layered(Code['finwait:socket:remote-end'], socket);
        return;
      case 'finish':
        this.#plain(Code['finwait:socket:finish'], socket);
        return;
      case 'drain':
        this.#plain(Code['finwait:socket:drain'], socket);
        return;
      case 'free':
        this.#layered(Code['finwait:socket:free'], socket);
        return;
      case 'timeout':
        this.#timedOut(socket);
        return;
      case 'error':
        this.#failed(socket, first);
        return;
      case 'close':
        this.#closed(socket, first === true);
    }
  }

  /**
   * 'end' or 'finish' was emitted. When both were, the stream destroys itself right now, with no other code between
   * (`finish()` and `endReadableNT()` of Node's streams): a destroy() that comes is Node's, and no stack need be read.
   */
  emittedEnd(socket: Socket): void {
    const life = LifeMark.get(socket);
    if (life !== undefined) life.nodeDestroys = hasEnded(socket);
  }

  #begin(socket: Socket): SocketLife {
    const life = new SocketLife(++this.#lastId);
    LifeMark.put(socket, life);
    return life;
  }

  /** The socket's life, beginning now when it is met for the first time with a TCP handle in hand. */
  #lifeOf(socket: Socket): SocketLife | undefined {
    const known = LifeMark.get(socket);
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
    const { _parent, encrypted } = internals(socket);
    const over = _parent ? LifeMark.get(_parent)?.id : undefined;
    if (caller === undefined && encrypted === true) life.layer = 'tls';
    const handle = caller === undefined ? tcpHandle(socket) : undefined;
    const sink = this.#sink;
    sink.putText(caller && 'client');
    sink.put(flagOf(ownField(socket, 'allowHalfOpen')));
    sink.put(over ?? -1);
    sink.putText(life.layer);
    this.#putCaller(caller);
    sink.putEnd(localEnd(handle));
    sink.putEnd(peerEnd(handle));
    sink.put(handle === undefined ? -1 : fdOf(handle));
    sink.emit(Code['finwait:socket:create'], caller ? life.calledAtNs : sinceOriginNs(), life.id);
  }

  #attempting(socket: Socket, address: unknown, port: unknown): void {
    const life = LifeMark.get(socket);
    if (life === undefined || typeof address !== 'string' || typeof port !== 'number') return;
    this.#tellCreated(socket, life);
    life.attempts++;
    life.target = plainEnd({ address, port });
    this.#sink.putEnd(life.target);
    this.#sink.put(life.attempts);
    this.#sink.put(life.caller?.siteId ?? -1);
    this.#sink.emit(Code['finwait:socket:connect-start'], sinceOriginNs(), life.id);
  }

  #attemptFailed(socket: Socket, address: unknown, port: unknown, code: string): void {
    const life = LifeMark.get(socket);
    if (life?.told !== true || typeof address !== 'string' || typeof port !== 'number') return;
    this.#sink.putEnd(plainEnd({ address, port }));
    this.#sink.put(life.attempts);
    this.#sink.putText(code);
    this.#sink.emit(Code['finwait:socket:connect-failed'], sinceOriginNs(), life.id);
  }

  #connected(socket: Socket): void {
    const atNs = sinceOriginNs();
    const handle = tcpHandle(socket);
    const life = this.#lifeOf(socket);
    if (handle === undefined || life === undefined) return;
    this.#sink.putEnd(localEnd(handle));
    this.#sink.putEnd(life.target ?? peerEnd(handle));
    this.#sink.put(fdOf(handle));
    this.#sink.emit(Code['finwait:socket:connect'], atNs, life.id);
  }

  #read(socket: Socket, chunk: unknown): void {
    const code = Code['finwait:socket:data'];
    const life = this.#sink.wants(code) ? this.#lifeOf(socket) : undefined;
    if (life === undefined) return;
    this.#sink.put(octets(chunk));
    this.#sink.emit(code, sinceOriginNs(), life.id);
  }

  #timedOut(socket: Socket): void {
    const life = this.#lifeOf(socket);
    if (life === undefined) return;
    this.#putLayer(socket, life);
    const timeoutMs = ownField(socket, 'timeout');
    this.#sink.put(typeof timeoutMs === 'number' ? timeoutMs : -1);
    this.#sink.emit(Code['finwait:socket:timeout'], sinceOriginNs(), life.id);
  }

  #failed(socket: Socket, error: unknown): void {
    const life = this.#lifeOf(socket);
    if (life === undefined) return;
    this.#putLayer(socket, life);
    this.#sink.putText(errorCode(error));
    this.#sink.putText(errorField(error, 'syscall'));
    this.#sink.emit(Code['finwait:socket:error'], sinceOriginNs(), life.id);
  }

  #closed(socket: Socket, hadError: boolean): void {
    const life = LifeMark.get(socket);
    if (life?.told !== true) return;
    life.destroyed = true;
    this.#sink.putFlag(hadError);
    this.#sink.put(bytesRead(socket));
    this.#sink.put(this.dispatchedBytes(socket));
    this.#sink.emit(Code['finwait:socket:close'], sinceOriginNs(), life.id);
  }

  #plain(code: number, socket: Socket): void {
    const life = this.#sink.wants(code) ? this.#lifeOf(socket) : undefined;
    if (life !== undefined) this.#sink.emit(code, sinceOriginNs(), life.id);
  }

  #layered(code: number, socket: Socket): void {
    const life = this.#lifeOf(socket);
    if (life === undefined) return;
    this.#putLayer(socket, life);
    this.#sink.emit(code, sinceOriginNs(), life.id);
  }

  #tellPause(code: number, socket: Socket, below: Below): void {
    const life = this.#lifeOf(socket);
    if (life === undefined || life.destroyed || ++life.pauses > TOLD_PAUSES) return;
    const atNs = sinceOriginNs();
    this.#putCaller(this.callers.callerOf(below, life.context, atNs));
    this.#sink.emit(code, atNs, life.id);
  }

  #putCall(socket: Socket, life: SocketLife, caller: Caller): void {
    this.#putCaller(caller);
    this.#putLayer(socket, life);
    this.#sink.put(unreadBytes(socket));
    this.#sink.put(pendingBytes(socket));
  }

  #putCaller(caller: Caller | undefined): void {
    this.#sink.putText(caller?.by);
    this.#sink.put(caller?.siteId ?? -1);
    this.#sink.put(caller?.isInferred === true ? 1 : -1);
  }

  /** Layer and, for HTTP, whether it lies idle. */
  #putLayer(socket: Socket, life: SocketLife): void {
    const isHttp = life.layer === 'http' || life.layer === 'https';
    const idle = isHttp && isIdle(socket);
    if (idle && !internals(socket).parser && hasWebSocket(socket)) life.layer = 'ws';
    this.#sink.putText(life.layer);
    if (isHttp && life.layer !== 'ws') this.#sink.putFlag(idle);
    else this.#sink.put(-1);
  }
}

// Taken now: a program may put a stand-in in its place.
const byteLength = Buffer.byteLength.bind(Buffer);

/** −1 for what is no chunk: end() may be given a callback only. */
function octets(chunk: unknown): number {
  return typeof chunk === 'string' || chunk instanceof Uint8Array ? byteLength(chunk) : -1;
}

/** As an event carries it. */
function flagOf(value: unknown): number {
  return typeof value === 'boolean' ? Number(value) : -1;
}

function fdOf({ fd }: TcpHandle): number {
  return typeof fd === 'number' ? fd : -1;
}

/** The destroy() that belongs to a resetAndDestroy(). */
function isResetting(socket: Socket): boolean {
  return (socket as Socket & { readonly resetAndClosing?: boolean }).resetAndClosing === true;
}
