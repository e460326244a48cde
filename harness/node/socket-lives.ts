import type { Socket } from 'node:net';
import { sinceOriginNs } from './clock.ts';
import { Code, type EventSink } from './event-sink.ts';
import {
  fdOf,
  hasWebSocket,
  internals,
  isIdle,
  localEnd,
  ownField,
  peerEnd,
  tcpHandle,
} from './socket-facts.ts';
import { LifeMark, SocketLife } from './socket-life.ts';

/** The lives of this thread's sockets: begins them, and tells of each before anything else is told of it. */
export class SocketLives {
  readonly #sink: EventSink;
  #lastId = 0;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  begin(socket: Socket): SocketLife {
    const life = new SocketLife(++this.#lastId);
    LifeMark.put(socket, life);
    return life;
  }

  /** What is known already; a pipe's life is never told of. */
  known(socket: Socket): SocketLife | undefined {
    return LifeMark.get(socket);
  }

  /** The socket's life, beginning now when it is met for the first time with a TCP handle in hand. */
  of(socket: Socket): SocketLife | undefined {
    const known = LifeMark.get(socket);
    if (known?.told === true) return known;
    if (tcpHandle(socket) === undefined) return undefined;
    const life = known ?? this.begin(socket);
    this.tellCreated(socket, life);
    return life;
  }

  tellCreated(socket: Socket, life: SocketLife): void {
    if (life.told) return;
    life.told = true;
    const { caller } = life;
    const { _parent, encrypted } = internals(socket);
    const over = _parent ? LifeMark.get(_parent)?.id : undefined;
    if (caller === undefined && encrypted === true) life.layer = 'tls';
    const handle = caller === undefined ? tcpHandle(socket) : undefined;
    const sink = this.#sink;
    sink.putText(caller && 'client');
    sink.putFlag(ownField(socket, 'allowHalfOpen'));
    sink.put(over ?? -1);
    sink.putText(life.layer);
    sink.putCaller(caller);
    sink.putEnd(localEnd(handle));
    sink.putEnd(peerEnd(handle));
    sink.put(fdOf(handle));
    sink.emit(Code['finwait:socket:create'], caller ? life.calledAtNs : sinceOriginNs(), life.id);
  }

  /** Adds layer and, for HTTP, whether it lies idle, to the next event. */
  putLayer(socket: Socket, life: SocketLife): void {
    const isHttp = life.layer === 'http' || life.layer === 'https';
    const idle = isHttp && isIdle(socket);
    if (idle && !internals(socket).parser && hasWebSocket(socket)) life.layer = 'ws';
    this.#sink.putText(life.layer);
    if (isHttp && life.layer !== 'ws') this.#sink.putFlag(idle);
    else this.#sink.put(-1);
  }
}
