import type { Socket } from 'node:net';
import type { Layer } from '../model/node-event.ts';
import { type Below, CALLED_BY_NODE, type Caller, CallerReader } from './call-site.ts';
import { CallerBudget } from './caller-budget.ts';
import { sinceOriginNs } from './clock.ts';
import { Code, type EventSink } from './event-sink.ts';
import { SocketEvents } from './socket-events.ts';
import {
  dispatchedBytes,
  errorCode,
  fdOf,
  hasEnded,
  internals,
  isFlowing,
  localEnd,
  octets,
  ownField,
  peerEnd,
  pendingBytes,
  type PlainEnd,
  tcpHandle,
  unreadBytes,
} from './socket-facts.ts';
import type { SocketLife } from './socket-life.ts';
import { SocketLives } from './socket-lives.ts';

/** Past this many pauses and resumes on a socket no more are told: backpressure may take thousands. */
const TOLD_PAUSES = 64;

/** Where a server's connections come in, as far as it saves a question to the kernel. */
export interface Listener {
  readonly id: number;
  readonly layer: Layer | undefined;
  /** Absent for wildcard addresses: there each connection has its own. */
  readonly local: PlainEnd | undefined;
}

/** Turns what is done with sockets into events. */
export class SocketWatch {
  readonly callers: CallerBudget;
  readonly #sink: EventSink;
  readonly #lives: SocketLives;
  readonly #events: SocketEvents;

  constructor(sink: EventSink) {
    this.#sink = sink;
    this.#lives = new SocketLives(sink);
    this.#events = new SocketEvents(sink, this.#lives);
    this.callers = new CallerBudget(new CallerReader((site) => sink.definitions.siteId(site)));
  }

  /** The id that events give this socket, from now on if it had none. */
  idOf(socket: Socket): number {
    return (this.#lives.known(socket) ?? this.#lives.begin(socket)).id;
  }

  connecting(socket: Socket, atNs: number, below: Below): void {
    const known = this.#lives.known(socket);
    const life = known === undefined || known.destroyed ? this.#lives.begin(socket) : known;
    life.calledAtNs = atNs;
    life.caller = this.callers.callerOf(below, 0, atNs);
    life.context = life.caller.siteId * 2 + 1;
    life.layer = life.caller.layer;
  }

  /** `connect()` has returned: now it has a handle, and is no pipe. */
  connectCalled(socket: Socket): void {
    const life = this.#lives.known(socket);
    if (life !== undefined && tcpHandle(socket) !== undefined) this.#lives.tellCreated(socket, life);
  }

  accepted(socket: Socket, { id, layer, local }: Listener, atNs: number): void {
    const handle = tcpHandle(socket);
    if (handle === undefined) return;
    const known = this.#lives.known(socket);
    const life = known === undefined || known.destroyed ? this.#lives.begin(socket) : known;
    life.layer = layer;
    life.context = id * 2;
    // One server handed it on to another: it is still the same connection.
    if (life.told) return;
    life.told = true;
    const sink = this.#sink;
    sink.putEnd(local ?? localEnd(handle));
    sink.putEnd(peerEnd(handle));
    sink.put(fdOf(handle));
    sink.put(id);
    sink.putFlag(ownField(socket, 'allowHalfOpen'));
    sink.putText(layer);
    sink.emit(Code['finwait:socket:accept'], atNs, life.id);
  }

  /** Told when it has returned: an `end()` that throws ends nothing. */
  endCalled(socket: Socket, args: readonly unknown[], below: Below): void {
    const life = this.#lives.of(socket);
    if (life === undefined || life.ended || life.destroyed) return;
    const atNs = sinceOriginNs();
    life.endCall = {
      atNs,
      caller: this.callers.callerOf(below, contextOf(socket, life, args.length > 0), atNs),
      unreadBytes: unreadBytes(socket),
      pendingBytes: pendingBytes(socket),
      bytes: args.length > 0 ? endedOctets(socket, args[0], args[1]) : -1,
    };
  }

  /** `end()` has returned. */
  endReturned(socket: Socket): void {
    const life = this.#lives.known(socket);
    const call = life?.endCall;
    if (life === undefined || call === undefined) return;
    life.endCall = undefined;
    life.ended = true;
    this.#sink.putCaller(call.caller);
    this.#lives.putLayer(socket, life);
    this.#sink.put(call.unreadBytes);
    this.#sink.put(call.pendingBytes);
    this.#sink.put(call.bytes);
    this.#sink.emit(Code['finwait:socket:end-call'], call.atNs, life.id);
  }

  resetCalled(socket: Socket, below: Below): void {
    const life = this.#lives.of(socket);
    if (life === undefined || life.destroyed) return;
    const atNs = sinceOriginNs();
    this.#putCall(socket, life, this.callers.callerOf(below, contextOf(socket, life, false), atNs));
    this.#sink.emit(Code['finwait:socket:reset-call'], atNs, life.id);
  }

  /** Called by the stream once a socket, whatever destroys it. */
  destroyCalled(socket: Socket, error: unknown, below: Below): void {
    const life = this.#lives.of(socket);
    if (life === undefined || life.destroyed) return;
    const atNs = sinceOriginNs();
    const byNode = life.nodeDestroys || internals(socket).resetAndClosing === true;
    const caller = byNode
      ? CALLED_BY_NODE
      : this.callers.callerOf(below, contextOf(socket, life, Boolean(error)), atNs);
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
    return dispatchedBytes(socket);
  }

  written(socket: Socket, before: number, atNs: number): void {
    const bytes = dispatchedBytes(socket) - before;
    const life = bytes > 0 ? this.#lives.of(socket) : undefined;
    if (life === undefined) return;
    this.#sink.put(bytes);
    this.#sink.emit(Code['finwait:socket:write'], atNs, life.id);
  }

  emitting(socket: Socket, name: unknown, first: unknown, second: unknown, fourth: unknown): void {
    this.#events.emitting(socket, name, first, second, fourth);
  }

  /**
   * 'end' or 'finish' was emitted. When both were, the stream destroys itself right now, with no other code between
   * (`finish()` and `endReadableNT()` of Node's streams): a destroy() that comes is Node's, and no stack need be read.
   */
  emittedEnd(socket: Socket): void {
    const life = this.#lives.known(socket);
    if (life !== undefined) life.nodeDestroys = hasEnded(socket);
  }

  #tellPause(code: number, socket: Socket, below: Below): void {
    const life = this.#lives.of(socket);
    if (life === undefined || life.destroyed || ++life.pauses > TOLD_PAUSES) return;
    const atNs = sinceOriginNs();
    this.#sink.putCaller(this.callers.callerOf(below, contextOf(socket, life, false), atNs));
    this.#sink.emit(code, atNs, life.id);
  }

  #putCall(socket: Socket, life: SocketLife, caller: Caller): void {
    this.#sink.putCaller(caller);
    this.#lives.putLayer(socket, life);
    this.#sink.put(unreadBytes(socket));
    this.#sink.put(pendingBytes(socket));
  }
}

/** What tells calls on sockets apart without a look at the stack: where the socket came from, and how far it has come. */
function contextOf(socket: Socket, { context }: SocketLife, hasArgument: boolean): number {
  const { _readableState, _writableState } = internals(socket);
  const progress = (_readableState?.ended === true ? 2 : 0) + (_writableState?.ended === true ? 4 : 0);
  return context * 8 + progress + (hasArgument ? 1 : 0);
}

function endedOctets(socket: Socket, chunk: unknown, encoding: unknown): number {
  return octets(
    chunk,
    typeof encoding === 'string' ? encoding : internals(socket)._writableState?.defaultEncoding,
  );
}
