import type { Endpoint } from '../model/endpoint.ts';
import type { JsReport } from '../model/observation.ts';

/** What a socket can be told; each is one call on the real `net.Socket`. */
export type SocketCommand =
  | { readonly verb: 'write'; readonly data: string | Uint8Array }
  | { readonly verb: 'end'; readonly data?: string | Uint8Array }
  | { readonly verb: 'destroy' }
  | { readonly verb: 'resetAndDestroy' }
  | { readonly verb: 'pause' }
  | { readonly verb: 'resume' }
  /** Take up to `bytes` out of a paused socket. */
  | { readonly verb: 'read'; readonly bytes: number }
  | { readonly verb: 'destroySoon' }
  /** `socket.setTimeout(ms)`: the 'timeout' event after so long without activity; it closes nothing. */
  | { readonly verb: 'limitIdle'; readonly ms: number }
  /** `socket.setKeepAlive(enable, initialDelayMs)`: the kernel counts whole seconds. */
  | { readonly verb: 'setKeepAlive'; readonly enable: boolean; readonly initialDelayMs?: number }
  | { readonly verb: 'setNoDelay'; readonly enable: boolean }
  /** Aborts the AbortSignal that this client's socket was made with. */
  | { readonly verb: 'abort' }
  /** One of the behaviour's own `actions`. */
  | { readonly verb: 'act'; readonly what: string };

export type SocketVerb = SocketCommand['verb'];

/** What a server program can be told; each is one call on the real `net.Server`. */
export type ServerCommand =
  /** `server.close()`: no new connections; those that are open stay. */
  { readonly verb: 'stopListening' } | { readonly verb: 'limitConnections'; readonly maxConnections: number };

/** `net.Server` options of a server program; they go before what its behaviour says. */
export interface ServerOptions {
  readonly allowHalfOpen?: boolean;
  /** True leaves arriving octets in the kernel until the program reads. */
  readonly pauseOnConnect?: boolean;
  readonly maxConnections?: number;
  /** Length of the accept queue that listen(2) is asked for. */
  readonly backlog?: number;
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelayMs?: number;
}

/** `net.Socket` options of a client program; they go before what its behaviour says. */
export interface ClientOptions {
  readonly allowHalfOpen?: boolean;
  /** A name (`localhost`) in place of the server's address; with `autoSelectFamily` it may have several. */
  readonly host?: string;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly autoSelectFamily?: boolean;
  readonly autoSelectFamilyAttemptTimeoutMs?: number;
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelayMs?: number;
  /** `socket.setTimeout()` from before it connects. */
  readonly idleLimitMs?: number;
  /** Made with an AbortSignal, which the command `abort` aborts. */
  readonly abortable?: boolean;
}

/** Which behaviour a peer shows. */
export interface BehaviourChoice {
  /** `file:` URL of the behaviour's module. */
  readonly module: string;
  /** True: it does only what it is told; false: what its behaviour does alone, too. */
  readonly driven: boolean;
}

export interface ListenOptions extends BehaviourChoice {
  /** Chosen by the caller, who so can own what the server reports before the answer to this call is back. */
  readonly serverId: number;
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly options?: ServerOptions;
}

export interface ConnectOptions extends BehaviourChoice {
  /** Chosen by the caller, like `serverId`. */
  readonly socketId: SocketId;
  readonly to: Endpoint;
  readonly options?: ClientOptions;
}

/** Unique in its peer process: as the caller of `connect` chose it, or `SERVER/N` for the Nth that a server accepted. */
export type SocketId = string;

/** What the parent may call in a peer process. */
export interface PeerFunctions {
  /** Resolves with where it listens. */
  listen(options: ListenOptions): Promise<Endpoint>;
  /**
   * Closes the listener and destroys what it accepted, so that a warm peer keeps nothing of a run. The port is free
   * once it resolves.
   */
  unlisten(serverId: number): void;
  /**
   * Starts to connect and resolves at once with the socket's own end, where the kernel has given it one; how it went
   * is told by reports.
   */
  connect(options: ConnectOptions): Promise<Endpoint | undefined>;
  /** Does nothing but answer, behind everything that was reported before. */
  answer(): void;
  /** Makes the call and resolves when it has returned. */
  tell(socketId: SocketId, command: SocketCommand): void;
  tellServer(serverId: number, command: ServerCommand): void;
}

/** What a peer process tells its parent. */
export interface PeerEvents {
  /** Comes before the socket's first report. */
  accepted(serverId: number, socketId: SocketId, client: Endpoint | undefined): void;
  /** A call or event of the server itself: `server.close`, `server:drop`. */
  serverReport(serverId: number, report: JsReport): void;
  report(socketId: SocketId, report: JsReport): void;
}

export const PEER_EVENT_NAMES: readonly (keyof PeerEvents)[] = ['accepted', 'serverReport', 'report'];
