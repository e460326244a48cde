/**
 * Sees what a program does with its TCP sockets and servers, by methods put around those of `net`'s prototypes.
 * It adds no listener, holds no handle and never throws: watching changes nothing but the stacks, in which the
 * methods show.
 */
import net, { type Server, type Socket } from 'node:net';
import { sinceOriginNs } from './clock.ts';
import type { EventSink } from './event-sink.ts';
import { ServerWatch } from './server-watch.ts';
import { SocketWatch } from './socket-watch.ts';
import { type Method, wrapMethod } from './wrap-method.ts';

/** Puts the methods in place, for good: once a thread. */
export function observePrototypes(sink: EventSink): { sockets: SocketWatch; servers: ServerWatch } {
  const sockets = new SocketWatch(sink);
  const servers = new ServerWatch(sink, sockets);
  watchSockets(net.Socket.prototype, sockets);
  watchServers(net.Server.prototype, servers);
  return { sockets, servers };
}

function watchSockets(prototype: Socket, watch: SocketWatch): void {
  wrapMethod(prototype, 'connect', (original: Method) => {
    return function connect(this: Socket, ...args: never[]): unknown {
      watch.connecting(this, sinceOriginNs(), connect);
      const result: unknown = Reflect.apply(original, this, args);
      watch.connectCalled(this);
      return result;
    };
  });
  wrapMethod(prototype, 'end', (original: Method) => {
    return function end(this: Socket, ...args: never[]): unknown {
      watch.endCalled(this, args, end);
      const result: unknown = Reflect.apply(original, this, args);
      watch.endReturned(this);
      return result;
    };
  });
  wrapMethod(prototype, 'resetAndDestroy', (original: Method) => {
    return function resetAndDestroy(this: Socket, ...args: never[]): unknown {
      watch.resetCalled(this, resetAndDestroy);
      return Reflect.apply(original, this, args);
    };
  });
  wrapMethod(prototype, '_destroy', (original: Method) => {
    return function _destroy(this: Socket, ...args: never[]): unknown {
      watch.destroyCalled(this, args[0], _destroy);
      return Reflect.apply(original, this, args);
    };
  });
  wrapMethod(prototype, 'pause', (original: Method) => {
    return function pause(this: Socket, ...args: never[]): unknown {
      watch.pauseCalled(this, pause);
      return Reflect.apply(original, this, args);
    };
  });
  wrapMethod(prototype, 'resume', (original: Method) => {
    return function resume(this: Socket, ...args: never[]): unknown {
      watch.resumeCalled(this, resume);
      return Reflect.apply(original, this, args);
    };
  });
  wrapMethod(prototype, '_writeGeneric', (original: Method) => {
    return function _writeGeneric(this: Socket, ...args: never[]): unknown {
      if (!watch.wantsWrites()) return Reflect.apply(original, this, args);
      const before = watch.dispatchedBytes(this);
      const atNs = sinceOriginNs();
      const result: unknown = Reflect.apply(original, this, args);
      watch.written(this, before, atNs);
      return result;
    };
  });
  wrapMethod(prototype, 'emit', (original: Method) => {
    // The arguments are handed on one by one: then V8 need not make an array of them.
    return function emit(this: Socket, ...args: never[]): unknown {
      const name: unknown = args[0];
      watch.emitting(this, name, args[1], args[2], args[4]);
      const result: unknown = Reflect.apply(original, this, args);
      if (name === 'end' || name === 'finish') watch.emittedEnd(this);
      return result;
    };
  });
}

function watchServers(prototype: Server, watch: ServerWatch): void {
  wrapMethod(prototype, 'listen', (original: Method) => {
    return function listen(this: Server, ...args: never[]): unknown {
      watch.listenCalled(this, listen);
      return Reflect.apply(original, this, args);
    };
  });
  wrapMethod(prototype, 'close', (original: Method) => {
    return function close(this: Server, ...args: never[]): unknown {
      watch.closeCalled(this, close);
      return Reflect.apply(original, this, args);
    };
  });
  wrapMethod(prototype, 'emit', (original: Method) => {
    return function emit(this: Server, ...args: never[]): unknown {
      watch.emitting(this, args[0], args[1]);
      return Reflect.apply(original, this, args);
    };
  });
}
