import type { ConnectionRow } from '../model/connection-row.ts';
import type { Side } from '../model/connection.ts';
import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { ConnectAttempt, ListenLife, SocketLife } from '../model/socket-life.ts';
import type { ClockMap } from './clocks.ts';
import { type Entry, givenUpNs, key, push, take } from './life-entries.ts';

/** What of the node lane belongs to one connection of the wire. */
export interface JoinedLives {
  readonly lives: Partial<Readonly<Record<Side, SocketLife>>>;
  /** The attempt that sent the SYN, where our side did. */
  readonly attempt?: ConnectAttempt;
  /** A program of ours listened there, whether or not it accepted this one. */
  readonly listen?: ListenLife;
  /**
   * It may have been accepted: of those that listened there, one's record is not whole, or it tells of a socket whose
   * peer is not known.
   */
  readonly acceptUnknown?: true;
  /** When the next connection of the same ends began, as far as JS tells; capture's clock. */
  readonly nextNs?: bigint;
}

/** What a run's processes recorded, as far as connections are found by it. */
export interface RecordedLives {
  readonly lives: readonly SocketLife[];
  readonly listens: readonly ListenLife[];
  /**
   * Addresses of the machine that the run was on: who listens on every address listens on these, and no packet to
   * another machine's is for them.
   */
  readonly addresses?: readonly string[];
}

/**
 * Finds the sockets of a connection by its 4-tuple and time. Ports are used again: of several lives with the same
 * ends, the connection's is the one whose time fits, and each is given away once.
 */
export class LifeIndex {
  readonly #clock: ClockMap;
  /** By `local peer`, each list in order of time. */
  readonly #clients = new Map<string, Entry[]>();
  readonly #servers = new Map<string, Entry[]>();
  /** By local end: a RST came before `accept()`, and the kernel could no longer tell the peer. */
  readonly #peerless = new Map<string, Entry[]>();
  /** By peer: attempts of which the kernel never told a local end. */
  readonly #attempts = new Map<string, Entry[]>();
  readonly #listens = new Map<number, ListenLife[]>();
  readonly #ownAddresses: Set<string>;
  readonly #all: Entry[] = [];
  readonly #allPeerless: Entry[] = [];

  constructor({ lives, listens, addresses = [] }: RecordedLives, clock: ClockMap) {
    this.#clock = clock;
    this.#ownAddresses = new Set(addresses);
    for (const life of lives) this.#add(life);
    for (const listen of listens) push(this.#listens, listen.local.port, listen);
    for (const index of [this.#clients, this.#servers, this.#peerless, this.#attempts])
      for (const entries of index.values()) entries.sort((a, b) => (a.atNs < b.atNs ? -1 : 1));
  }

  /** Lives and attempts that no connection took; both ends of one connection together. */
  get left(): readonly JoinedLives[] {
    return [...this.#all, ...this.#allPeerless].flatMap((entry) => {
      if (entry.taken) return [];
      entry.taken = true;
      const { life, attempt } = entry;
      const other = this.#otherEnd(entry);
      const both = { [life.role]: life, ...(other && { [other.life.role]: other.life }) };
      const ofClient = attempt ?? other?.attempt;
      const { local, peer } = life;
      const [client, server] = life.role === 'client' ? [local, peer] : [peer, local];
      const beganNs = life.role === 'client' ? entry.atNs : (other?.atNs ?? entry.atNs);
      const nextNs = client && server && this.#nextNs(client, server, beganNs);
      return [
        {
          lives: both,
          ...(ofClient && { attempt: ofClient }),
          ...(nextNs !== undefined && { nextNs }),
        },
      ];
    });
  }

  #otherEnd({ life, atNs }: Entry): Entry | undefined {
    const { role, local, peer } = life;
    if (local === undefined || peer === undefined) return undefined;
    if (role === 'server')
      return take(this.#clients.get(key(peer, local)), (list) =>
        list.findLast((each) => !each.taken && each.atNs <= atNs),
      );
    const isOther = (each: Entry): boolean => !each.taken && each.atNs >= atNs;
    const other = take(this.#servers.get(key(peer, local)), (list) => list.find(isOther));
    if (other !== undefined) return other;
    const resetNs = givenUpNs(life);
    if (resetNs === undefined) return undefined;
    return this.#takePeerless(peer, resetNs + this.#clock.offsetNs);
  }

  /** Listeners accept in order: of several that were reset before, the first life is that of the first. */
  #takePeerless(server: Endpoint, resetNs: bigint): Entry | undefined {
    return take(this.#peerless.get(formatEndpoint(server)), (list) =>
      list.find(({ atNs, taken }) => !taken && atNs >= resetNs - this.#clock.errorNs),
    );
  }

  /** The begin of the next that no connection has taken yet; they are taken in order of their ends. */
  #nextNs(client: Endpoint, server: Endpoint, afterNs: bigint): bigint | undefined {
    const entries = [this.#clients.get(key(client, server)), this.#servers.get(key(server, client))];
    const next = entries
      .map((list) => list?.find(({ atNs, taken }) => !taken && atNs > afterNs)?.atNs)
      .filter((atNs) => atNs !== undefined);
    return next.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
  }

  /**
   * Whether its server's life can only be told by the order in which connections were accepted: take it when all others
   * are, and several such in order of their starts.
   */
  waitsForOthers({ client, server, startNs, handshakeNs, resetBy }: ConnectionRow): boolean {
    if (handshakeNs === undefined || resetBy !== 'client') return false;
    const earliest = startNs - this.#clock.errorNs;
    const own = this.#servers.get(key(server, client))?.some(({ atNs, taken }) => !taken && atNs >= earliest);
    return own !== true && this.#peerless.get(formatEndpoint(server))?.some(({ taken }) => !taken) === true;
  }

  /** @returns undefined for a connection that no process of ours had to do with */
  take(row: ConnectionRow): JoinedLives | undefined {
    const { client, server, startNs, durationNs, handshakeNs, resetBy } = row;
    const { errorNs } = this.#clock;
    const earliest = startNs - errorNs;
    const latest = startNs + errorNs;
    const clientEntry =
      take(this.#clients.get(key(client, server)), (list) =>
        list.findLast(({ atNs, taken }) => !taken && atNs <= latest),
      ) ??
      take(this.#attempts.get(formatEndpoint(server)), (list) =>
        list.find(
          (each) =>
            !each.taken && each.atNs <= latest && this.#endOfAttempt(each) >= earliest && mayBe(each, row),
        ),
      );
    const wasReset = handshakeNs !== undefined && resetBy === 'client';
    const serverEntry =
      take(this.#servers.get(key(server, client)), (list) =>
        list.find(({ atNs, taken }) => !taken && atNs >= earliest),
      ) ?? (wasReset ? this.#takePeerless(server, startNs + BigInt(Math.round(durationNs))) : undefined);
    const listens = this.#listensAt(row);
    const [listen] = listens;
    if (clientEntry === undefined && serverEntry === undefined && listen === undefined) return undefined;
    const acceptUnknown =
      listens.some(({ thread: { cut, leftOut } }) => cut || leftOut === true) ||
      // The RST may be among what was not captured.
      this.#peerless.get(formatEndpoint(server))?.some(({ atNs, taken }) => !taken && atNs >= earliest);
    const nextNs = this.#nextNs(client, server, startNs);
    return {
      lives: {
        ...(clientEntry && { client: inRole('client', clientEntry.life) }),
        ...(serverEntry && { server: inRole('server', serverEntry.life) }),
      },
      ...(clientEntry?.attempt && { attempt: clientEntry.attempt }),
      ...(listen && { listen }),
      ...(acceptUnknown && { acceptUnknown }),
      ...(nextNs !== undefined && { nextNs }),
    };
  }

  #add(life: SocketLife): void {
    const { role, local, peer, attempts, events } = life;
    const { offsetNs } = this.#clock;
    if (local !== undefined) this.#ownAddresses.add(local.address);
    if (role === 'server') {
      if (local === undefined) return;
      const entry: Entry = { life, atNs: (events[0]?.atNs ?? 0n) + offsetNs, taken: false };
      if (peer !== undefined) this.#put(this.#servers, key(local, peer), entry);
      else {
        push(this.#peerless, formatEndpoint(local), entry);
        this.#allPeerless.push(entry);
      }
      return;
    }
    for (const attempt of attempts) {
      const entry: Entry = { life, attempt, atNs: attempt.startedAtNs + offsetNs, taken: false };
      const isTheOne = local !== undefined && attempt.failed === undefined;
      if (isTheOne) this.#put(this.#clients, key(local, peer ?? attempt.peer), entry);
      else this.#put(this.#attempts, formatEndpoint(reached(attempt.peer)), entry);
    }
    // A socket over a handle that was given to it: the wire may know its role.
    if (attempts.length === 0 && local !== undefined && peer !== undefined) {
      const entry: Entry = { life, atNs: (events[0]?.atNs ?? 0n) + offsetNs, taken: false };
      this.#put(this.#clients, key(local, peer), entry);
      if (life.handedOver === true) push(this.#servers, key(local, peer), entry);
    }
  }

  #put(index: Map<string, Entry[]>, at: string, entry: Entry): void {
    push(index, at, entry);
    this.#all.push(entry);
  }

  #endOfAttempt({ attempt, life }: Entry): bigint {
    const { offsetNs } = this.#clock;
    const last = life.events.at(-1);
    const over = attempt?.failed?.atNs ?? (last?.name === 'finwait:socket:close' ? last.atNs : undefined);
    return over === undefined ? 2n ** 63n : over + offsetNs;
  }

  #listensAt({ server: { address, port }, startNs, durationNs, opening }: ConnectionRow): ListenLife[] {
    const { offsetNs, errorNs } = this.#clock;
    const endNs = startNs + BigInt(Math.round(durationNs)) + errorNs;
    // 'listening' may be told long after listen(2); but what was open before it is another's.
    const latestNs = opening === 'midstream' ? startNs : endNs;
    const found = this.#listens.get(port)?.filter(({ local, fromNs, toNs }) => {
      const isHere = local.address === address || (isWildcard(local.address) && this.#isOwn(address));
      return isHere && fromNs + offsetNs <= latestNs && (toNs === undefined || toNs + offsetNs >= startNs);
    });
    return found ?? [];
  }

  #isOwn(address: string): boolean {
    return address === '::1' || address.startsWith('127.') || this.#ownAddresses.has(address);
  }
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** What these say, a completed handshake denies: it was another program's connection to the same place. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

function mayBe({ attempt }: Entry, { handshakeNs }: ConnectionRow): boolean {
  return handshakeNs === undefined || !NEVER_CONNECTED.has(attempt?.failed?.code ?? '');
}

function inRole(role: SocketLife['role'], life: SocketLife): SocketLife {
  return life.role === role ? life : { ...life, role };
}

/** Linux takes an attempt to reach no address in particular to the loopback. */
function reached({ address, port }: Endpoint): Endpoint {
  if (address === '0.0.0.0') return { address: '127.0.0.1', port };
  return { address: address === '::' ? '::1' : address, port };
}
