import type { Socket } from 'node:net';
import { sinceOriginNs } from './clock.ts';
import { Code, type EventSink } from './event-sink.ts';
import {
  bytesRead,
  connectedPeer,
  dispatchedBytes,
  errorCode,
  errorField,
  fdOf,
  givenEnd,
  internals,
  localEnd,
  octets,
  ownField,
  tcpHandle,
} from './socket-facts.ts';
import type { SocketLives } from './socket-lives.ts';

/** Tells of what sockets emit. */
export class SocketEvents {
  readonly #sink: EventSink;
  readonly #lives: SocketLives;

  constructor(sink: EventSink, lives: SocketLives) {
    this.#sink = sink;
    this.#lives = lives;
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

  #attempting(socket: Socket, address: unknown, port: unknown): void {
    const life = this.#lives.known(socket);
    if (life === undefined || typeof address !== 'string' || typeof port !== 'number') return;
    this.#lives.tellCreated(socket, life);
    life.attempts++;
    life.target = givenEnd(address, port);
    this.#sink.putEnd(life.target);
    this.#sink.put(life.attempts);
    this.#sink.putSite(life.caller?.siteId ?? -1);
    this.#sink.emit(Code['finwait:socket:connect-start'], sinceOriginNs(), life.id);
  }

  #attemptFailed(socket: Socket, address: unknown, port: unknown, code: string): void {
    const life = this.#lives.known(socket);
    if (life?.told !== true || typeof address !== 'string' || typeof port !== 'number') return;
    this.#sink.putEnd(givenEnd(address, port));
    this.#sink.put(life.attempts);
    this.#sink.putText(code);
    this.#sink.emit(Code['finwait:socket:connect-failed'], sinceOriginNs(), life.id);
  }

  #connected(socket: Socket): void {
    const atNs = sinceOriginNs();
    const handle = tcpHandle(socket);
    const life = this.#lives.of(socket);
    if (handle === undefined || life === undefined) return;
    this.#sink.putEnd(localEnd(handle));
    this.#sink.putEnd(connectedPeer(handle, life.target));
    this.#sink.put(fdOf(handle));
    this.#sink.emit(Code['finwait:socket:connect'], atNs, life.id);
  }

  #read(socket: Socket, chunk: unknown): void {
    const code = Code['finwait:socket:data'];
    const life = this.#sink.wants(code) ? this.#lives.of(socket) : undefined;
    if (life === undefined) return;
    this.#sink.put(octets(chunk, internals(socket)._readableState?.encoding));
    this.#sink.emit(code, sinceOriginNs(), life.id);
  }

  #timedOut(socket: Socket): void {
    const life = this.#lives.of(socket);
    if (life === undefined) return;
    this.#lives.putLayer(socket, life);
    const timeoutMs = ownField(socket, 'timeout');
    this.#sink.put(typeof timeoutMs === 'number' ? timeoutMs : -1);
    this.#sink.emit(Code['finwait:socket:timeout'], sinceOriginNs(), life.id);
  }

  #failed(socket: Socket, error: unknown): void {
    const life = this.#lives.of(socket);
    if (life === undefined) return;
    this.#lives.putLayer(socket, life);
    this.#sink.putText(errorCode(error));
    this.#sink.putText(errorField(error, 'syscall'));
    this.#sink.emit(Code['finwait:socket:error'], sinceOriginNs(), life.id);
  }

  #closed(socket: Socket, hadError: boolean): void {
    const life = this.#lives.known(socket);
    if (life?.told !== true) return;
    life.destroyed = true;
    this.#sink.putFlag(hadError);
    this.#sink.put(bytesRead(socket));
    this.#sink.put(dispatchedBytes(socket));
    this.#sink.emit(Code['finwait:socket:close'], sinceOriginNs(), life.id);
  }

  #plain(code: number, socket: Socket): void {
    const life = this.#sink.wants(code) ? this.#lives.of(socket) : undefined;
    if (life !== undefined) this.#sink.emit(code, sinceOriginNs(), life.id);
  }

  #layered(code: number, socket: Socket): void {
    const life = this.#lives.of(socket);
    if (life === undefined) return;
    this.#lives.putLayer(socket, life);
    this.#sink.emit(code, sinceOriginNs(), life.id);
  }
}
