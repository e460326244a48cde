import type { Endpoint } from '../model/endpoint.ts';
import { plainAddress } from '../model/endpoint.ts';
import type { CallSite, LayerFields, NodeEvent } from '../model/node-event.ts';
import type { ConnectAttempt, ListenLife, Silence, SocketLife, ThreadEnd } from '../model/socket-life.ts';

/** What one thread recorded, as far as lives are made of it. */
export interface ThreadEvents {
  readonly pid: number;
  readonly threadId: number;
  readonly nodeVersion: string;
  /** In order of time. */
  readonly events: readonly NodeEvent[];
  /** False when it left no last words. */
  readonly ended: boolean;
  /** False when events are known to be missing among these. @default true */
  readonly isWhole?: boolean;
  /** Why, where it was not killed. */
  readonly silence?: Silence;
  readonly mainLastEventAtNs?: bigint;
}

/** The sockets of a thread, each from its first event to its last, and where it listened. */
export function socketLives(thread: ThreadEvents): { lives: SocketLife[]; listens: ListenLife[] } {
  const builder = new LivesOfThread(thread);
  for (const event of thread.events) builder.see(event);
  return builder.end();
}

type Draft = {
  -readonly [Key in keyof SocketLife]: SocketLife[Key] extends readonly (infer Item)[]
    ? Item[]
    : SocketLife[Key];
};

class LivesOfThread {
  readonly #thread: ThreadEvents;
  readonly #end: ThreadEnd;
  /** By socket, a TLS socket's id leading to the life of the socket that it wraps. */
  readonly #bySocket = new Map<number, Draft>();
  readonly #lives: Draft[] = [];
  readonly #listens = new Map<number, ListenLife>();
  readonly #closedListens: ListenLife[] = [];
  readonly #listenSites = new Map<number, CallSite>();

  constructor(thread: ThreadEvents) {
    this.#thread = thread;
    this.#end = endOf(thread);
  }

  see(event: NodeEvent): void {
    if ('socket' in event) this.#seeSocket(event);
    else if (event.name === 'finwait:server:listen' && event.local !== undefined) {
      const { local, site, atNs, pid, server } = event;
      this.#listens.set(server, {
        local: plain(local),
        pid,
        thread: this.#end,
        fromNs: atNs,
        ...(site && { site }),
      });
      if (site !== undefined) this.#listenSites.set(server, site);
    } else if (event.name === 'finwait:server:drop') this.#seeDrop(event);
    else if (event.name === 'finwait:server:close-call' || event.name === 'finwait:server:close') {
      const listen = this.#listens.get(event.server);
      if (listen === undefined) return;
      this.#listens.delete(event.server);
      this.#closedListens.push({ ...listen, toNs: event.atNs });
    }
  }

  end(): { lives: SocketLife[]; listens: ListenLife[] } {
    return { lives: this.#lives, listens: [...this.#closedListens, ...this.#listens.values()] };
  }

  #seeSocket(event: Extract<NodeEvent, { socket: number }>): void {
    let life = this.#bySocket.get(event.socket) ?? this.#begin(event);
    // A socket that connects once more after its close is another connection.
    if (event.name === 'finwait:socket:connect-start' && life.events.at(-1)?.name === 'finwait:socket:close')
      life = this.#begin(event);
    switch (event.name) {
      case 'finwait:socket:create':
        if (event.role === 'client') life.calledAtNs ??= event.atNs;
        if (event.role !== undefined) life.role = event.role;
        else if (event.local !== undefined && event.over === undefined) life.handedOver = true;
        if (event.layer !== undefined) life.layer = event.layer;
        setEnds(life, event);
        // It is told by the others; of hundreds of thousands of lives, each event counts.
        return;
      case 'finwait:socket:connect-start': {
        const { peer, attempt, atNs, site } = event;
        life.attempts.push({ peer: plain(peer), attempt, startedAtNs: atNs, ...(site && { site }) });
        return;
      }
      case 'finwait:socket:connect-failed': {
        const at = life.attempts.findIndex(
          (each) => each.attempt === event.attempt && each.failed === undefined,
        );
        const attempt: ConnectAttempt | undefined = life.attempts[at];
        if (attempt !== undefined)
          life.attempts[at] = { ...attempt, failed: { atNs: event.atNs, code: event.code } };
        return;
      }
      case 'finwait:socket:connect':
        setEnds(life, event);
        break;
      case 'finwait:socket:accept': {
        life.role = 'server';
        delete life.handedOver;
        setEnds(life, event);
        const site = this.#listenSites.get(event.server);
        if (site !== undefined) life.listenSite = site;
        break;
      }
      default:
    }
    const { layer } = event as LayerFields;
    if (layer !== undefined) life.layer = layer;
    life.events.push(event);
  }

  /** A connection over `maxConnections`, which gets no socket. */
  #seeDrop(event: Extract<NodeEvent, { name: 'finwait:server:drop' }>): void {
    const life: Draft = { ...this.#draft(0), role: 'server', events: [event] };
    setEnds(life, event);
    const site = this.#listenSites.get(event.server);
    if (site !== undefined) life.listenSite = site;
    this.#lives.push(life);
  }

  #begin(event: Extract<NodeEvent, { socket: number }>): Draft {
    const over = event.name === 'finwait:socket:create' ? event.over : undefined;
    const wrapped = over === undefined ? undefined : this.#bySocket.get(over);
    if (wrapped !== undefined) {
      this.#bySocket.set(event.socket, wrapped);
      return wrapped;
    }
    const life = this.#draft(event.socket);
    this.#bySocket.set(event.socket, life);
    this.#lives.push(life);
    return life;
  }

  #draft(socket: number): Draft {
    const { pid, threadId, nodeVersion } = this.#thread;
    return {
      pid,
      threadId,
      nodeVersion,
      socket,
      role: 'client',
      attempts: [],
      events: [],
      thread: this.#end,
    };
  }
}

function setEnds(life: Draft, { local, peer }: { local?: Endpoint; peer?: Endpoint }): void {
  if (local !== undefined) life.local = plain(local);
  if (peer !== undefined) life.peer = plain(peer);
}

function endOf({ events, ended, isWhole = true, silence, mainLastEventAtNs }: ThreadEvents): ThreadEnd {
  const exit = events.findLast((event) => event.name === 'finwait:process:exit');
  const lastEventAtNs = events.at(-1)?.atNs ?? 0n;
  const known = { lastEventAtNs, ...(!isWhole && { leftOut: true as const }) };
  const why = { ...(silence && { silence }), ...(mainLastEventAtNs !== undefined && { mainLastEventAtNs }) };
  if (exit === undefined) return { ...why, cut: !ended, ...known };
  const { atNs, exitCode } = exit;
  return { exitedAtNs: atNs, ...(exitCode !== undefined && { exitCode }), cut: false, ...known };
}

/** Mapped addresses made plain, zones left out: as a packet has them. */
function plain({ address, port }: Endpoint): Endpoint {
  return { address: plainAddress(address.replace(/%.*$/, '')), port };
}
