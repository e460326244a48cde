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
type Row = readonly [
  identity: string,
  state: TcpState,
  local: string,
  peer: string,
  receiveQueue: number,
  sendQueue: number,
];

/** One sample: what changed since the one before. */
interface Line {
  /** Monotonic ns between which the kernel was read. */
  readonly at: readonly [string, string];
  /** New sockets, and those whose state or queues changed. */
  readonly seen: readonly Row[];
  readonly gone: readonly string[];
}

/** Writes what `ss` shows as lines of JSON, a sample a line, differences only. */
export class SocketLog {
  samples = 0;
  largestGapMs = 0;
  readonly #stream: WriteStream;
  #known = new Map<string, string>();
  readonly #old = new Set<string>();
  #lastNs: bigint | undefined;

  constructor(path: string) {
    this.#stream = createWriteStream(path);
    // A disk that is full costs the lane, not the run; its end tells.
    this.#stream.on('error', () => undefined);
  }

  add({ startedAtNs, endedAtNs, sockets }: SocketSnapshot): void {
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
    this.#stream.write(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream).catch(() => undefined);
  }
}

function rowOf({ state, local, peer, receiveQueue, sendQueue, cookie }: SocketSample): Row {
  const [here, there] = [formatEndpoint(local), formatEndpoint(peer)];
  return [cookie ?? `${here} ${there}`, state, here, there, receiveQueue, sendQueue];
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
  statesOf({ client, server, startNs, endNs }: Ends, clock: ClockMap): SeenState[] {
    const ends: readonly (readonly [Side, Endpoint, Endpoint])[] = [
      ['client', client, server],
      ['server', server, client],
    ];
    return ends
      .flatMap(([side, local, peer]) => {
        const all = this.#seen.get(`${formatEndpoint(local)} ${formatEndpoint(peer)}`) ?? [];
        return all.map(({ state, firstNs, lastNs, receiveQueue, sendQueue }) => ({
          side,
          state,
          firstSeenNs: firstNs + clock.offsetNs,
          lastSeenNs: lastNs + clock.offsetNs,
          receiveQueue,
          sendQueue,
        }));
      })
      .filter((each) => each.lastSeenNs >= startNs && each.firstSeenNs <= endNs + AFTERMATH_NS)
      .sort((a, b) => Number(a.firstSeenNs - b.firstSeenNs));
  }

  /** As snapshots again, of these two ends only. */
  snapshotsOf(ends: readonly [Endpoint, Endpoint]): SocketSnapshot[] {
    const [a, b] = ends;
    const keys = [
      `${formatEndpoint(a)} ${formatEndpoint(b)}`,
      `${formatEndpoint(b)} ${formatEndpoint(a)}`,
    ] as const;
    return this.#times.map(([startedAtNs, endedAtNs]) => ({
      startedAtNs,
      endedAtNs,
      sockets: keys.flatMap((key, index): SocketSample[] => {
        const seen = this.#seen
          .get(key)
          ?.findLast((each) => each.firstNs <= endedAtNs && each.lastNs >= endedAtNs);
        if (seen === undefined) return [];
        const { state, receiveQueue, sendQueue } = seen;
        const [local, peer] = index === 0 ? [a, b] : [b, a];
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
