/**
 * Sees what a program does with its TCP sockets and servers, by methods put around those of `net`'s prototypes.
 * It adds no listener, holds no handle and never throws: watching changes little but the stacks, in which the
 * methods show (docs/node-lane.md lists what else).
 */
import net, { type Server, type Socket } from 'node:net';
import { sinceOriginNs } from './clock.ts';
import type { EventSink } from './event-sink.ts';
import { ServerWatch } from './server-watch.ts';
import { SocketWatch } from './socket-watch.ts';
import { type Method, type Watcher, watchMethod, wrapMethod } from './wrap-method.ts';

/** Puts the methods in place, for good: once a thread. */
export function observePrototypes(sink: EventSink): { sockets: SocketWatch; servers: ServerWatch } {
  const sockets = new SocketWatch(sink);
  const servers = new ServerWatch(sink, sockets);
  watchSocketCalls(net.Socket.prototype, sockets, sink);
  watchWrites(net.Socket.prototype, sockets, sink);
  watchSocketEvents(net.Socket.prototype, sockets, sink);
  watchServers(net.Server.prototype, servers, sink);
  return { sockets, servers };
}

function watchSocketCalls(prototype: Socket, watch: SocketWatch, sink: EventSink): void {
  const failed = (): void => {
    sink.abandon();
  };
  const calls: Readonly<Record<string, Omit<Watcher<Socket>, 'failed'>>> = {
    connect: {
      before: (socket, _args, below) => {
        watch.connecting(socket, sinceOriginNs(), below);
      },
      after: (socket) => {
        watch.connectCalled(socket);
      },
    },
    end: {
      before: (socket, args, below) => {
        watch.endCalled(socket, args, below);
      },
      after: (socket) => {
        watch.endReturned(socket);
      },
    },
    resetAndDestroy: {
      before: (socket, _args, below) => {
        watch.resetCalled(socket, below);
      },
    },
    _destroy: {
      before: (socket, args, below) => {
        watch.destroyCalled(socket, args[0], below);
      },
    },
    pause: {
      before: (socket, _args, below) => {
        watch.pauseCalled(socket, below);
      },
    },
    resume: {
      before: (socket, _args, below) => {
        watch.resumeCalled(socket, below);
      },
    },
  };
  for (const [name, call] of Object.entries(calls)) watchMethod(prototype, name, { ...call, failed });
}

function watchWrites(prototype: Socket, watch: SocketWatch, sink: EventSink): void {
  wrapMethod(prototype, '_writeGeneric', (current) => {
    return function _writeGeneric(this: Socket, ...args: never[]): unknown {
      if (!watch.wantsWrites()) return Reflect.apply(current(), this, args);
      const before = watch.dispatchedBytes(this);
      const atNs = sinceOriginNs();
      const result: unknown = Reflect.apply(current(), this, args);
      try {
        watch.written(this, before, atNs);
      } catch {
        sink.abandon();
      }
      return result;
    };
  });
}

function watchSocketEvents(prototype: Socket, watch: SocketWatch, sink: EventSink): void {
  wrapMethod(prototype, 'emit', (current: () => Method) => {
    // The arguments are handed on one by one: then V8 need not make an array of them.
    return function emit(this: Socket, ...args: never[]): unknown {
      const name: unknown = args[0];
      try {
        watch.emitting(this, name, args[1], args[2], args[4]);
      } catch {
        sink.abandon();
      }
      const result: unknown = Reflect.apply(current(), this, args);
      if (name !== 'end' && name !== 'finish') return result;
      try {
        watch.emittedEnd(this);
      } catch {
        sink.abandon();
      }
      return result;
    };
  });
}

function watchServers(prototype: Server, watch: ServerWatch, sink: EventSink): void {
  const failed = (): void => {
    sink.abandon();
  };
  watchMethod<Server>(prototype, 'listen', {
    before: (server, _args, below) => {
      watch.listenCalled(server, below);
    },
    failed,
  });
  watchMethod<Server>(prototype, 'close', {
    before: (server, _args, below) => {
      watch.closeCalled(server, below);
    },
    failed,
  });
  watchMethod<Server>(prototype, 'emit', {
    before: (server, args) => {
      watch.emitting(server, args[0], args[1]);
    },
    failed,
  });
}
