import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { ClockMap } from '../correlate/clocks.ts';
import type { Ends } from '../correlate/run-connections.ts';
import type { Side } from '../model/connection.ts';
import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { SocketSample, SocketSnapshot } from '../model/observation.ts';
import type { SeenState } from '../model/run-connection.ts';
import type { TcpState } from '../model/tcp-state.ts';

/** A row of `ss` as the log has it; queues in octets. */
export type Row = readonly [
  identity: string,
  state: TcpState,
  local: string,
  peer: string,
  receiveQueue: number,
  sendQueue: number,
];

/** One sample: what changed since the one before. */
export interface Line {
  /** Monotonic ns between which the kernel was read. */
  readonly at: readonly [string, string];
  /** New sockets, and those whose state or queues changed. */
  readonly seen: readonly Row[];
  readonly gone: readonly string[];
}

/** On a machine where nothing happens, ten days. */
const LIMIT_BYTES = 64 * 1024 * 1024;
const QUIET_NS = 1_000_000_000n;

/**
 * Writes what `ss` shows as lines of JSON, a sample a line, differences only. Of samples that show no change, the last
 * before a change is written, and one a second.
 */
export class SocketLog {
  samples = 0;
  largestGapMs = 0;
  readonly #stream: WriteStream;
  readonly #limitBytes: number;
  #bytes = 0;
  #trouble: string | undefined;
  #known = new Map<string, string>();
  readonly #old = new Set<string>();
  #lastNs: bigint | undefined;
  #quiet: Line | undefined;
  #writtenNs = 0n;

  constructor(path: string, limitBytes: number = LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
    this.#stream = createWriteStream(path, { mode: 0o600 });
    // A disk that is full costs the lane, not the run.
    this.#stream.on('error', ({ message }) => {
      this.#trouble = `the socket log could not be written: ${message}; ${this.#untilNow()}`;
    });
  }

  /** Why later samples are not in it; undefined while all are. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** @returns false when it takes no more */
  add({ startedAtNs, endedAtNs, sockets }: SocketSnapshot): boolean {
    if (this.#trouble !== undefined) return false;
    this.samples++;
    if (this.#lastNs !== undefined)
      this.largestGapMs = Math.max(this.largestGapMs, Number(startedAtNs - this.#lastNs) / 1e6);
    this.#lastNs = startedAtNs;
    const now = new Map<string, string>();
    const seen: Row[] = [];
    for (const socket of sockets) {
      if (socket.state === 'LISTEN') continue;
      const row = rowOf(socket);
      // What lingers from before the run can be none of its connections.
      if (this.samples === 1 && socket.state === 'TIME-WAIT') this.#old.add(row[0]);
      if (this.#old.has(row[0])) continue;
      const text = row.slice(1).join(' ');
      now.set(row[0], text);
      if (this.#known.get(row[0]) !== text) seen.push(row);
    }
    const gone = [...this.#known.keys()].filter((identity) => !now.has(identity));
    this.#known = now;
    const line: Line = { at: [String(startedAtNs), String(endedAtNs)], seen, gone };
    const isQuiet = seen.length === 0 && gone.length === 0;
    if (isQuiet && startedAtNs - this.#writtenNs < QUIET_NS) {
      this.#quiet = line;
      return true;
    }
    if (!isQuiet) this.#writeQuiet();
    this.#quiet = undefined;
    this.#writtenNs = startedAtNs;
    return this.#write(line);
  }

  #writeQuiet(): void {
    if (this.#quiet !== undefined) this.#write(this.#quiet);
    this.#quiet = undefined;
  }

  #write(line: Line): boolean {
    const text = `${JSON.stringify(line)}\n`;
    this.#stream.write(text);
    this.#bytes += text.length;
    if (this.#bytes <= this.#limitBytes) return true;
    const limit = `${Math.round(this.#limitBytes / 1e6)} MB`;
    this.#trouble ??= `the socket log reached its limit of ${limit}; ${this.#untilNow()}`;
    return false;
  }

  #untilNow(): string {
    return `ss was asked ${this.samples} times until then, and not after`;
  }

  async close(): Promise<void> {
    this.#writeQuiet();
    this.#stream.end();
    await finished(this.#stream).catch(() => undefined);
  }
}

function rowOf({ state, local, peer, receiveQueue, sendQueue, cookie }: SocketSample): Row {
  const [here, there] = [formatEndpoint(local), formatEndpoint(peer)];
  return [cookie ?? `${here} ${there}`, state, here, there, receiveQueue, sendQueue];
}

/** The ends of a connection, and what `statesOf()` told of them. */
export interface SeenEnds {
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly seenStates: readonly SeenState[];
}

interface Seen {
  readonly identity: string;
  readonly state: TcpState;
  readonly firstNs: bigint;
  lastNs: bigint;
  readonly receiveQueue: number;
  readonly sendQueue: number;
}

/** What a socket log tells of each pair of ends. */
export class SocketHistory {
  /** By `local peer`. */
  readonly #seen = new Map<string, Seen[]>();

  /** A line that was cut off, or is none, ends the reading. */
  static async read(path: string): Promise<SocketHistory> {
    const history = new SocketHistory();
    const text = await readFile(path, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      if (line === '') break;
      try {
        history.#add(JSON.parse(line) as Line);
      } catch {
        break;
      }
    }
    return history;
  }

  /** The states of both ends while the connection lasted, and 2 minutes on for its TIME-WAIT. */
  statesOf(ends: Ends, clock: ClockMap): SeenState[] {
    const { client, server } = ends;
    const sides: readonly (readonly [Side, Endpoint, Endpoint])[] = [
      ['client', client, server],
      ['server', server, client],
    ];
    return sides
      .flatMap(([side, local, peer]) => {
        const all = this.#seen.get(`${formatEndpoint(local)} ${formatEndpoint(peer)}`) ?? [];
        return ownOf(all, ends, clock).map(({ state, firstNs, lastNs, receiveQueue, sendQueue }) => ({
          side,
          state,
          firstSeenNs: firstNs + clock.offsetNs,
          lastSeenNs: lastNs + clock.offsetNs,
          receiveQueue,
          sendQueue,
        }));
      })
      .sort((a, b) => Number(a.firstSeenNs - b.firstSeenNs));
  }

  /** As snapshots again, of the ends of one connection and the states that are its own. */
  snapshotsOf({ client, server, seenStates }: SeenEnds, { offsetNs }: ClockMap): SocketSnapshot[] {
    return this.#times.map(([startedAtNs, endedAtNs]) => ({
      startedAtNs,
      endedAtNs,
      sockets: (['client', 'server'] as const).flatMap((side): SocketSample[] => {
        const atNs = endedAtNs + offsetNs;
        const seen = seenStates.findLast(
          (each) => each.side === side && each.firstSeenNs <= atNs && each.lastSeenNs >= atNs,
        );
        if (seen === undefined) return [];
        const { state, receiveQueue, sendQueue } = seen;
        const [local, peer] = side === 'client' ? [client, server] : [server, client];
        return [{ state, local, peer, receiveQueue, sendQueue }];
      }),
    }));
  }

  readonly #times: (readonly [bigint, bigint])[] = [];
  readonly #open = new Map<string, Seen>();

  #add({ at, seen, gone }: Line): void {
    const [startedAtNs, endedAtNs] = [BigInt(at[0]), BigInt(at[1])];
    for (const identity of gone) this.#open.delete(identity);
    for (const [identity, state, local, peer, receiveQueue, sendQueue] of seen) {
      const entry: Seen = { identity, state, firstNs: endedAtNs, lastNs: endedAtNs, receiveQueue, sendQueue };
      this.#open.set(identity, entry);
      const key = `${local} ${peer}`;
      const list = this.#seen.get(key);
      if (list === undefined) this.#seen.set(key, [entry]);
      else list.push(entry);
    }
    for (const entry of this.#open.values()) entry.lastNs = endedAtNs;
    this.#times.push([startedAtNs, endedAtNs]);
  }
}

const AFTERMATH_NS = 120_000_000_000n;

/**
 * What was seen of one end's socket. Ports are used again: a socket that is first seen after the connection's end is
 * the next connection's, unless it is what remains (TIME-WAIT is a socket of its own to the kernel), or the connection
 * goes on in silence and `ss` came to it only then.
 */
function ownOf(
  all: readonly Seen[],
  { startNs, endNs, isOver, nextNs }: Ends,
  { offsetNs }: ClockMap,
): Seen[] {
  const own: Seen[] = [];
  const identities = new Set<string>();
  for (const seen of all) {
    const firstNs = seen.firstNs + offsetNs;
    if (seen.lastNs + offsetNs < startNs) continue;
    if (firstNs > endNs + AFTERMATH_NS || (nextNs !== undefined && firstNs >= nextNs)) break;
    const isNew = !identities.has(seen.identity) && seen.state !== 'TIME-WAIT';
    if (isNew && firstNs > endNs && (isOver || identities.size > 0)) break;
    identities.add(seen.identity);
    own.push(seen);
  }
  return own;
}
