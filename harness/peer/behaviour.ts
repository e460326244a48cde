import type { Server, ServerOpts, Socket } from 'node:net';

/**
 * What a server or client program does with its sockets: one file a behaviour in `servers/` and `clients/`.
 * Plain enough to be read at a glance and run by hand.
 */
export interface Behaviour {
  /** One sentence for lists and `--help`. */
  readonly about: string;
  /** `net`'s option: whether the socket stays writable after the peer's FIN. */
  readonly allowHalfOpen: boolean;
  /** False leaves arriving octets in the kernel's receive queue: the socket is paused from the start. */
  readonly reads: boolean;
  /** A client that is meant for a port where nobody listens; by hand it finds one itself. */
  readonly target?: 'nobody';
  /**
   * What the program does of its own accord once connected. A *driven* peer leaves this out: there nothing happens
   * that the runner did not tell.
   */
  readonly alone?: (socket: Socket) => void;
  /**
   * A server that is made otherwise than by `net.createServer(options, onSocket)`: an HTTP or TLS server. It must
   * call `onSocket` with every TCP socket that it accepts, and reads the sockets itself.
   * @param over aborted when the run is over: what else it has started, such as a process, must end then
   */
  readonly serve?: (
    options: ServerOpts,
    onSocket: (socket: Socket) => void,
    over: AbortSignal,
  ) => Server | Promise<Server>;
  /**
   * A client that connects otherwise than by `socket.connect()`: it must call `onSocket` with the TCP socket, before
   * that connects if it can, and reads it itself.
   */
  readonly dial?: (target: TcpTarget, onSocket: (socket: Socket) => void) => void;
  /** What it can be told beyond a socket's own methods, by name: `request`. */
  readonly actions?: Readonly<Record<string, (socket: Socket) => void>> | undefined;
}

/** Where a client goes, as `net.connect()` takes it. */
export interface TcpTarget {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
  readonly localPort?: number;
}

/** A module of `servers/` or `clients/`, or one of yours. */
export interface BehaviourModule {
  readonly behaviour: Behaviour;
}
