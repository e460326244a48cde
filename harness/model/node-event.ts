import type { Endpoint } from './endpoint.ts';

/** Where a call was made: one frame of a stack, as V8 tells it, before source maps. */
export interface CodePosition {
  /** Path or `file:` URL as the script was loaded; `node:…` for Node's own. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Absent for code outside any function, and for nameless ones. */
  readonly functionName?: string;
}

/** The call's way from the program to Node: what a reader wants of its stack. */
export interface CallSite {
  /** The first frame outside Node and `node_modules`. */
  readonly user?: CodePosition;
  /** The first frame inside `node_modules`, when one stands between `user` and Node. */
  readonly dependency?: CodePosition & { readonly package: string };
}

/**
 * What speaks over the socket, as far as it can be seen: `http`, `https`, `http2`, `tls`, `undici`, `ws`, `fetch`;
 * absent for plain `net`.
 */
export type Layer = 'http' | 'https' | 'http2' | 'tls' | 'undici' | 'fetch' | 'ws';

/** Who made a call: the program or one of its packages, or Node of its own accord (auto-end, autoDestroy). */
export type CallerKind = 'program' | 'node';

/** Fields of every event. */
export interface NodeEventBase {
  /** Monotonic ns (`process.hrtime.bigint()`). */
  readonly atNs: bigint;
  readonly pid: number;
  /** 0 for the main thread. */
  readonly threadId: number;
}

/** Fields of every event of a socket. */
export interface SocketEventBase extends NodeEventBase {
  /** From 1, unique in its thread, never used again. */
  readonly socket: number;
}

/** Fields of every event of a server. */
export interface ServerEventBase extends NodeEventBase {
  /** From 1, unique in its thread, never used again. */
  readonly server: number;
}

/** What a call carries. */
export interface CallFields {
  /** Absent when the program does not let its stacks be read. */
  readonly by?: CallerKind;
  /** Absent for calls that Node made of its own accord. */
  readonly site?: CallSite;
  /**
   * True when this call's stack was not read: past 2,000 at once and 250 a second, a call whose kind came from one place
   * every time it was read is taken to come from there again.
   */
  readonly siteInferred?: true;
}

/** What speaks over the socket at the moment. */
export interface LayerFields {
  readonly layer?: Layer;
  /** For HTTP: true between requests (an agent's free socket, a server's idle connection). */
  readonly idle?: boolean;
}

/** Both ends; a socket that lost its handle tells none. */
export interface EndsFields {
  readonly local?: Endpoint;
  readonly peer?: Endpoint;
  /** File descriptor: `/proc/PID/fd/FD` leads to the inode that `ss -e` shows. */
  readonly fd?: number;
}

/** Every event by its name, which is also its channel's. */
export interface NodeEvents {
  /**
   * A socket was met for the first time: `connect()` was called on it, a server accepted it, or (with neither)
   * something happened to a handle that it was given; only then it tells its ends here. Stable.
   */
  'finwait:socket:create': SocketEventBase &
    CallFields &
    EndsFields & {
      readonly role?: 'client' | 'server';
      /** Absent where a subclass has an accessor of this name: it is not run. */
      readonly allowHalfOpen?: boolean;
      /** The id of the socket that this one wraps: a TLS socket over a plain one. */
      readonly over?: number;
      readonly layer?: Layer;
    };
  /**
   * Node is about to ask the kernel to connect: one event an attempt, several where happy eyeballs tries one address
   * after the other. Stable.
   */
  'finwait:socket:connect-start': SocketEventBase & {
    readonly peer: Endpoint;
    /** From 1. */
    readonly attempt: number;
    readonly site?: CallSite;
  };
  /** An attempt came to nothing; the next one may follow. Experimental. */
  'finwait:socket:connect-failed': SocketEventBase & {
    readonly peer: Endpoint;
    readonly attempt: number;
    /** `ECONNREFUSED` and the like; `ATTEMPT_TIMEOUT` when Node gave this address up for the next one. */
    readonly code: string;
  };
  /** 'connect', before the program's listeners. Stable. */
  'finwait:socket:connect': SocketEventBase & EndsFields;
  /** A server's 'connection', before the program's listeners. Stable. */
  'finwait:socket:accept': SocketEventBase &
    EndsFields & {
      readonly server: number;
      readonly allowHalfOpen?: boolean;
      readonly layer?: Layer;
    };
  /** `end()`, the first on this socket. Stable. */
  'finwait:socket:end-call': SocketEventBase &
    CallFields &
    LayerFields & {
      /** Octets that the program has not read, of those that Node has. The kernel's are not counted. */
      readonly unreadBytes: number;
      /** Octets written before and not yet handed to the kernel. */
      readonly pendingBytes: number;
      /** Octets of the chunk that was given with it. */
      readonly bytes?: number;
    };
  /** `destroy()` or whatever led to it, the first on this socket. Stable. */
  'finwait:socket:destroy-call': SocketEventBase &
    CallFields &
    LayerFields & {
      readonly unreadBytes: number;
      readonly pendingBytes: number;
      /** True when Node had read the other end's FIN, whether or not the program was told ('end'). */
      readonly remoteEnded: boolean;
      /** The error it was called with. */
      readonly code?: string;
    };
  /** `resetAndDestroy()`. Stable. */
  'finwait:socket:reset-call': SocketEventBase &
    CallFields &
    LayerFields & { readonly unreadBytes: number; readonly pendingBytes: number };
  /** Octets handed to the kernel. Recorded only with FINWAIT_RECORD_WRITES=1. Stable. */
  'finwait:socket:write': SocketEventBase & { readonly bytes: number };
  /** Octets given to the program. Never recorded. Stable. */
  'finwait:socket:data': SocketEventBase & { readonly bytes: number };
  /** 'drain'. Never recorded. Stable. */
  'finwait:socket:drain': SocketEventBase;
  /** `pause()` on a socket that was not paused. Stable. */
  'finwait:socket:pause': SocketEventBase & CallFields;
  /** `resume()` on a socket that was paused. Stable. */
  'finwait:socket:resume': SocketEventBase & CallFields;
  /** 'end': the other end's FIN, all before it read. Stable. */
  'finwait:socket:remote-end': SocketEventBase & LayerFields;
  /** 'finish': all was written and the FIN handed to the kernel. Stable. */
  'finwait:socket:finish': SocketEventBase;
  /** 'error'. Stable. */
  'finwait:socket:error': SocketEventBase &
    LayerFields & {
      /** `ECONNRESET` and the like, or the error's name. */
      readonly code: string;
      readonly syscall?: string;
    };
  /** 'timeout'. Stable. */
  'finwait:socket:timeout': SocketEventBase & LayerFields & { readonly timeoutMs?: number };
  /** An HTTP agent took the socket back into its pool. Experimental. */
  'finwait:socket:free': SocketEventBase & LayerFields;
  /** 'close'. The socket's last event. Stable. */
  'finwait:socket:close': SocketEventBase & {
    readonly hadError: boolean;
    readonly bytesRead: number;
    /** Octets handed to libuv. After a `destroy()` some of them may never have reached the kernel. */
    readonly bytesWritten: number;
  };
  /** 'listening'. Stable. */
  'finwait:server:listen': ServerEventBase &
    CallFields & {
      readonly local?: Endpoint;
      readonly fd?: number;
      readonly layer?: Layer;
    };
  /** 'drop': over `maxConnections`. Stable. */
  'finwait:server:drop': ServerEventBase & { readonly local?: Endpoint; readonly peer?: Endpoint };
  /** `close()` on a server that listens. Stable. */
  'finwait:server:close-call': ServerEventBase &
    CallFields & {
      /** Connections that 'close' waits for. */
      readonly connections: number;
    };
  /** 'close'. Stable. */
  'finwait:server:close': ServerEventBase;
  /** 'error'. Stable. */
  'finwait:server:error': ServerEventBase & { readonly code: string; readonly syscall?: string };
  /**
   * The thread ends of its own accord. Absent after a signal. `exitCode` is the one that the process gives, 0–255, or
   * the worker; absent where a listener of 'exit' threw (Node makes the code after that), and where a worker's is
   * negative. Experimental.
   */
  'finwait:process:exit': NodeEventBase & { readonly exitCode?: number };
  /** The thread has started a worker, whose `threadId` this is. Only where a record is kept. Experimental. */
  'finwait:process:worker': NodeEventBase & { readonly worker: number };
}

export type NodeEventName = keyof NodeEvents;

export type ClosingCallName =
  | 'finwait:socket:end-call'
  | 'finwait:socket:destroy-call'
  | 'finwait:socket:reset-call';

/** The calls that end a connection, as the program wrote them. */
export const CALL_NAMES: Readonly<Record<ClosingCallName, string>> = {
  'finwait:socket:end-call': 'end()',
  'finwait:socket:destroy-call': 'destroy()',
  'finwait:socket:reset-call': 'resetAndDestroy()',
};

/** An event with its name, as records hold it. */
export type NodeEvent = {
  [Name in NodeEventName]: { readonly name: Name } & NodeEvents[Name];
}[NodeEventName];
