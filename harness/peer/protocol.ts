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
  | { readonly verb: 'read'; readonly bytes: number };

export type SocketVerb = SocketCommand['verb'];

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
}

export interface ConnectOptions extends BehaviourChoice {
  /** Chosen by the caller, like `serverId`. */
  readonly socketId: SocketId;
  readonly to: Endpoint;
  readonly localPort?: number;
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
  /** Starts to connect and resolves at once; how it went is told by reports. */
  connect(options: ConnectOptions): Promise<void>;
  /** Does nothing but answer, behind everything that was reported before. */
  answer(): void;
  /** Makes the call and resolves when it has returned. */
  tell(socketId: SocketId, command: SocketCommand): void;
}

/** What a peer process tells its parent. */
export interface PeerEvents {
  /** Comes before the socket's first report. */
  accepted(serverId: number, socketId: SocketId): void;
  report(socketId: SocketId, report: JsReport): void;
}

export const PEER_EVENT_NAMES: readonly (keyof PeerEvents)[] = ['accepted', 'report'];
