import type { Server, Socket } from 'node:net';
import type { NodeEventName } from '../model/node-event.ts';
import type { Below, Caller } from './call-site.ts';
import { sinceOriginNs } from './clock.ts';
import { Code, type EventSink } from './event-sink.ts';
import {
  errorCode,
  errorField,
  fdOf,
  internals,
  localEnd,
  type PlainEnd,
  plainEnd,
  serverLayer,
  tcpHandle,
} from './socket-facts.ts';
import type { Listener, SocketWatch } from './socket-watch.ts';

interface ServerLife {
  readonly id: number;
  /** Who called listen(). */
  caller: Caller | undefined;
  /** It listens on TCP; before that it may yet turn out to be a pipe's. */
  listener: Listener | undefined;
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Turns what happens to servers into events. */
export class ServerWatch {
  readonly #sink: EventSink;
  readonly #sockets: SocketWatch;
  readonly #lives = new WeakMap<Server, ServerLife>();
  #lastId = 0;

  constructor(sink: EventSink, sockets: SocketWatch) {
    this.#sink = sink;
    this.#sockets = sockets;
  }

  /** The id that events give this server. */
  idOf(server: Server): number {
    return this.#lifeOf(server).id;
  }

  listenCalled(server: Server, below: Below): void {
    this.#lifeOf(server).caller = this.#sockets.callers.callerOf(below, 0, sinceOriginNs());
  }

  closeCalled(server: Server, below: Below): void {
    if (tcpHandle(server) === undefined) return;
    const atNs = sinceOriginNs();
    this.#sink.putCaller(this.#sockets.callers.callerOf(below, 0, atNs));
    this.#sink.put(internals(server)._connections ?? -1);
    this.#sink.emit(Code['finwait:server:close-call'], atNs, this.#lifeOf(server).id);
  }

  /** `server` is about to emit an event to the program's listeners. */
  emitting(server: Server, name: unknown, argument: unknown): void {
    switch (name) {
      case 'connection':
        this.#accepted(server, argument);
        return;
      case 'listening':
        this.#listening(server);
        return;
      case 'drop':
        this.#dropped(server, argument);
        return;
      case 'close':
        if (this.#lives.get(server)?.listener !== undefined) this.#tell('finwait:server:close', server);
        return;
      case 'error':
        if (this.#lives.has(server)) this.#failed(server, argument);
    }
  }

  #accepted(server: Server, socket: unknown): void {
    // Whoever emits it by hand may pass what he likes.
    if (typeof socket !== 'object' || socket === null || !('allowHalfOpen' in socket)) return;
    if (tcpHandle(socket as Socket) === undefined) return;
    const atNs = sinceOriginNs();
    const life = this.#lifeOf(server);
    life.listener ??= this.#listenerOf(server, life.id, undefined);
    this.#sockets.accepted(socket as Socket, life.listener, atNs);
  }

  #listening(server: Server): void {
    const atNs = sinceOriginNs();
    const handle = tcpHandle(server);
    if (handle === undefined) return;
    const life = this.#lifeOf(server);
    const local = localEnd(handle);
    life.listener = this.#listenerOf(server, life.id, local);
    this.#sink.putCaller(life.caller);
    this.#sink.putEnd(local);
    this.#sink.put(fdOf(handle));
    this.#sink.putText(life.listener.layer);
    this.#sink.emit(Code['finwait:server:listen'], atNs, life.id);
  }

  #listenerOf(server: Server, id: number, local: PlainEnd | undefined): Listener {
    const own = local !== undefined && !WILDCARDS.has(local.address) ? local : undefined;
    return { id, layer: serverLayer(server), local: own };
  }

  #dropped(server: Server, data: unknown): void {
    const { localAddress, localPort, remoteAddress, remotePort } = (data ?? {}) as Partial<DropData>;
    this.#sink.putEnd(end(localAddress, localPort));
    this.#sink.putEnd(end(remoteAddress, remotePort));
    this.#tell('finwait:server:drop', server);
  }

  #failed(server: Server, error: unknown): void {
    this.#sink.putText(errorCode(error));
    this.#sink.putText(errorField(error, 'syscall'));
    this.#tell('finwait:server:error', server);
  }

  #lifeOf(server: Server): ServerLife {
    let life = this.#lives.get(server);
    if (life === undefined) {
      life = { id: ++this.#lastId, caller: undefined, listener: undefined };
      this.#lives.set(server, life);
    }
    return life;
  }

  #tell(name: NodeEventName, server: Server): void {
    this.#sink.emit(Code[name], sinceOriginNs(), this.#lifeOf(server).id);
  }
}

interface DropData {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

function end(address: string | undefined, port: number | undefined): PlainEnd | undefined {
  return address === undefined || port === undefined ? undefined : plainEnd({ address, port });
}
