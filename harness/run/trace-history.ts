import { readFile, writeFile } from 'node:fs/promises';
import type { ClockMap } from '../correlate/clocks.ts';
import { MOST_APART_NS } from '../correlate/reset-reasons.ts';
import type { Ends } from '../correlate/run-connections.ts';
import { parseTraceLine, type TraceEvent } from '../kernel/trace-parser.ts';
import type { Side } from '../model/connection.ts';
import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { Traced } from '../model/run-connection.ts';
import type { OwnPairs } from './own-sockets.ts';
import { replaceFile } from './run-record.ts';

type Transition = Extract<TraceEvent, { kind: 'transition' }>;
type Reset = Extract<TraceEvent, { kind: 'reset' }>;

/** The transitions of one socket from its beginning on. */
interface Life {
  readonly transitions: Transition[];
  /** Of a client not before this: that it sends its SYN is told before the socket has its port, unless it was bound. */
  readonly beganNs: bigint;
  /** They do not follow from one another: events were lost, or another network has a socket of the same two ends. */
  broken: boolean;
}

/** What the kernel's tracepoints told of each pair of ends. */
export class TraceHistory {
  /** By `local peer`. */
  readonly #lives = new Map<string, Life[]>();
  readonly #resets = new Map<string, Reset[]>();

  /** @returns undefined where there is none */
  static async read(path: string): Promise<TraceHistory | undefined> {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const history = new TraceHistory();
    for (const line of text.split('\n')) history.#add(parseTraceLine(line));
    return history;
  }

  /** Of both ends, on the capture's clock. */
  tracedOf({ client, server, startNs, endNs }: Ends, { offsetNs, errorNs }: ClockMap): Traced {
    const ends: readonly (readonly [Side, Endpoint, Endpoint])[] = [
      ['client', client, server],
      ['server', server, client],
    ];
    const [fromNs, toNs] = [startNs - offsetNs - errorNs, endNs - offsetNs + errorNs];
    const during = ends.map(([side, local, peer]) => {
      const key = keyOf(local, peer);
      const life = nearest(this.#lives.get(key) ?? [], fromNs, toNs);
      const resets = (this.#resets.get(key) ?? []).filter(
        ({ atNs }) => atNs >= fromNs && atNs <= toNs + MOST_APART_NS,
      );
      return {
        transitions: life.map(({ atNs, from, to }) => ({ side, from, to, atNs: atNs + offsetNs })),
        resets: resets.map(({ atNs, reason }) => ({ side, reason, atNs: atNs + offsetNs })),
      };
    });
    return {
      transitions: during
        .flatMap(({ transitions }) => transitions)
        .sort((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0)),
      resets: during.flatMap(({ resets }) => resets),
    };
  }

  #add(event: TraceEvent | undefined): void {
    if (event === undefined || event.kind === 'lost') return;
    // The kernel tells some states anew when the program lets go of the socket.
    if (event.kind === 'transition' && event.from === event.to) return;
    const key = keyOf(event.local, event.peer);
    if (event.kind === 'reset') {
      const resets = this.#resets.get(key);
      if (resets === undefined) this.#resets.set(key, [event]);
      else resets.push(event);
      return;
    }
    let lives = this.#lives.get(key);
    if (lives === undefined) this.#lives.set(key, (lives = []));
    const life = lives.at(-1);
    const last = life?.transitions.at(-1);
    if (life !== undefined && last !== undefined && last.to !== 'CLOSED') {
      life.transitions.push(event);
      if (last.to !== event.from) life.broken = true;
    } else {
      const beganNs = event.from === 'SYN-SENT' ? (last?.atNs ?? 0n) : event.atNs;
      lives.push({ transitions: [event], beganNs, broken: false });
    }
  }
}

function keyOf(local: Endpoint, peer: Endpoint): string {
  return `${formatEndpoint(local)} ${formatEndpoint(peer)}`;
}

/** The life that took up some of that time; of several the one that began nearest to its start. */
function nearest(lives: readonly Life[], fromNs: bigint, toNs: bigint): readonly Transition[] {
  let best: Life | undefined;
  let bestNs = 0n;
  for (const life of lives) {
    const firstNs = life.transitions[0]?.atNs ?? 0n;
    const last = life.transitions.at(-1);
    if (life.beganNs > toNs || last === undefined || (last.to === 'CLOSED' && last.atNs < fromNs)) continue;
    const awayNs = firstNs < fromNs ? fromNs - firstNs : firstNs - fromNs;
    if (best !== undefined && awayNs >= bestNs) continue;
    best = life;
    bestNs = awayNs;
  }
  return best === undefined || best.broken ? [] : best.transitions;
}

/** Leaves of the kernel's words those on the run's own sockets, and what was lost. */
export async function keepOwnTrace(path: string, own: OwnPairs): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const kept = text.split('\n').filter((line) => {
    const event = parseTraceLine(line);
    if (event === undefined) return false;
    return event.kind === 'lost' || own.hasPair(formatEndpoint(event.local), formatEndpoint(event.peer));
  });
  await replaceFile(path, async (made) => {
    await writeFile(made, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  });
}
