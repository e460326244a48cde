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
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
}

export interface ConnectOptions extends BehaviourChoice {
  readonly to: Endpoint;
  readonly localPort?: number;
}

/** What the parent may call in a peer process. */
export interface PeerFunctions {
  /** Resolves when listening. */
  listen(options: ListenOptions): Promise<{ serverId: number; endpoint: Endpoint }>;
  /** Closes the listener; its connections live on. Resolves once the listening socket is closed. */
  unlisten(serverId: number): void;
  /** Starts to connect and resolves at once; how it went is told by reports. */
  connect(options: ConnectOptions): Promise<{ socketId: number }>;
  /** Makes the call and resolves when it has returned. */
  tell(socketId: number, command: SocketCommand): void;
}

/** What a peer process tells its parent. */
export interface PeerEvents {
  accepted(serverId: number, socketId: number, ends: { local: Endpoint; peer: Endpoint }): void;
  report(socketId: number, report: JsReport): void;
}

export const PEER_EVENT_NAMES: readonly (keyof PeerEvents)[] = ['accepted', 'report'];
