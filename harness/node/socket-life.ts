import type { Socket } from 'node:net';
import type { Layer } from '../model/node-event.ts';
import type { Caller } from './call-site.ts';
import type { PlainEnd } from './socket-facts.ts';

/** What is known of one socket's life. A socket that connects again begins another. */
export class SocketLife {
  readonly id: number;
  /** Its first event was told; before that it may yet turn out to be a pipe. */
  told = false;
  ended = false;
  /** An `end()` that has not returned: it may yet throw, and then was none. */
  endCall: EndCall | undefined;
  destroyed = false;
  /** Node is about to destroy it of its own accord, before any other code runs. */
  nodeDestroys = false;
  /** Whose child it is: its server, or the place of its connect(). */
  context = 0;
  attempts = 0;
  /** Whom the last attempt was for. */
  target: PlainEnd | undefined;
  pauses = 0;
  calledAtNs = 0;
  caller: Caller | undefined;
  layer: Layer | undefined;

  constructor(id: number) {
    this.id = id;
  }
}

/** The socket as an `end()` found it. */
export interface EndCall {
  readonly atNs: number;
  readonly caller: Caller;
  readonly unreadBytes: number;
  readonly pendingBytes: number;
  readonly bytes: number;
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
export class LifeMark extends Given {
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
