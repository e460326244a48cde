import type { Endpoint } from './endpoint.ts';
import type { CallSite, Layer, NodeEvent } from './node-event.ts';

/** How a thread came to have left no last words, where its process is not taken to have been killed. */
export type Silence =
  | 'worker terminated'
  | 'worker terminated or process killed'
  | 'still running'
  /** Its process ended by no signal: by `execve()`, or the record's descriptor was closed under it. */
  | 'record broke off';

/** How the thread of a socket came to its end. */
export interface ThreadEnd {
  /** Absent for a thread that said its last words, or was killed. */
  readonly silence?: Silence;
  /** Of a worker that may have been killed with its process: monotonic ns of the main thread's last event. */
  readonly mainLastEventAtNs?: bigint;
  /** Monotonic ns of its last words; absent without them. */
  readonly exitedAtNs?: bigint;
  readonly exitCode?: number;
  /** No last words: its last few ms may be missing. */
  readonly cut: boolean;
  /** ns of the last event of the thread, for one without last words. */
  readonly lastEventAtNs: bigint;
  /** Something of it is missing from its record (a limit, a full disk): what is not in there may have happened. */
  readonly leftOut?: true;
}

/** One attempt to connect: a SYN of its own. */
export interface ConnectAttempt {
  readonly peer: Endpoint;
  /** From 1; above 1 for happy eyeballs. */
  readonly attempt: number;
  /** Monotonic ns. */
  readonly startedAtNs: bigint;
  readonly site?: CallSite;
  /** When it came to nothing, and why. */
  readonly failed?: { readonly atNs: bigint; readonly code: string };
}

/** What JavaScript did with one TCP connection: a socket, together with the TLS socket around it. */
export interface SocketLife {
  readonly pid: number;
  readonly threadId: number;
  /** Of the thread, as in its record; 0 for a connection that was dropped (`maxConnections`) and got none. */
  readonly socket: number;
  readonly nodeVersion: string;
  readonly role: 'client' | 'server';
  /**
   * Neither its `connect()` nor its accept was seen: it began with a handle that it was given, by another process or a
   * descriptor. Its `role` is then what the other lives and the listeners say, else `client`.
   */
  readonly handedOver?: true;
  /** Who had the connection before it was handed over, first to last; their events are among `events`. */
  readonly holdersBefore?: readonly { readonly pid: number; readonly threadId: number }[];
  readonly local?: Endpoint;
  readonly peer?: Endpoint;
  readonly layer?: Layer;
  /** Monotonic ns of the call of `connect()`; the attempts follow, after a name was looked up. */
  readonly calledAtNs?: bigint;
  readonly attempts: readonly ConnectAttempt[];
  /** The site of the `listen()` whose server accepted it. */
  readonly listenSite?: CallSite;
  /** In order of time, without those that are told elsewhere in here. */
  readonly events: readonly NodeEvent[];
  readonly thread: ThreadEnd;
}

/** Where a program listened, and how long. */
export interface ListenLife {
  readonly local: Endpoint;
  readonly site?: CallSite;
  readonly pid: number;
  readonly thread: ThreadEnd;
  /** Monotonic ns. */
  readonly fromNs: bigint;
  /** Absent while it listened to the end. */
  readonly toNs?: bigint;
}
