import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinHandedOver } from '../correlate/handed-over-lives.ts';
import { socketLives } from '../correlate/socket-lives.ts';
import type { CallFields, CallSite, NodeEvent } from '../model/node-event.ts';
import type { ListenLife, Silence, SocketLife } from '../model/socket-life.ts';
import { RECORD_FILE } from '../node/record-format.ts';
import { decodeRecord } from '../node/record-reader.ts';
import { OriginalPositions } from '../node/source-maps.ts';
import { holdsOpen } from './process-identity.ts';
import { type KnownEnds, ThreadSilences } from './thread-silences.ts';

/** One thread that left a record. */
export interface ThreadSummary {
  readonly pid: number;
  readonly threadId: number;
  readonly argv: readonly string[];
  readonly nodeVersion: string;
  readonly sockets: number;
  readonly leftOut: { readonly sockets: number; readonly events: number };
  /** False for one that left no last words. */
  readonly ended: boolean;
  /** Why, where it was not killed. */
  readonly silence: Silence | undefined;
}

export interface NodeLane {
  readonly lives: readonly SocketLife[];
  readonly listens: readonly ListenLife[];
  readonly threads: readonly ThreadSummary[];
  /** Workers that threads with a record started, and that left none. */
  readonly unobservedWorkers: readonly { readonly pid: number; readonly threadId: number }[];
}

/** Reads one file after the other, so that the events of only one are in memory beside the lives that they make. */
export async function readNodeLane(directory: string, known: KnownEnds): Promise<NodeLane> {
  const names = (await recordNames(directory)).sort(mainThreadsFirst);
  const silences = new ThreadSilences(names, known);
  const recorded = new Set<string>();
  const workers = new Map<string, { pid: number; threadId: number }>();
  const lives: SocketLife[] = [];
  const listens: ListenLife[] = [];
  const threads: ThreadSummary[] = [];
  const sites = new SitesAsWritten();
  for (const name of names) {
    const record = decodeRecord(name, await readFile(join(directory, name)));
    if (record === undefined) continue;
    const { header, leftOut, ended, cut } = record;
    const { pid, threadId, argv, nodeVersion } = header;
    const events = record.events.map((event) => sites.of(event));
    const why = silences.of(name, { ended, lastEventAtNs: events.at(-1)?.atNs ?? 0n });
    const { silence } = why;
    const isWhole = leftOut.events === 0 && !cut && silence !== 'record broke off';
    const found = socketLives({ pid, threadId, nodeVersion, events, ended, isWhole, ...why });
    const program = silences.programOf(name);
    recorded.add(`${program} ${threadId}`);
    for (const event of events) {
      if (event.name !== 'finwait:process:worker') continue;
      workers.set(`${program} ${event.worker}`, { pid, threadId: event.worker });
    }
    for (const life of found.lives) lives.push(life);
    listens.push(...found.listens);
    threads.push({ pid, threadId, argv, nodeVersion, sockets: found.lives.length, leftOut, ended, silence });
  }
  return {
    lives: joinHandedOver(lives, listens),
    listens,
    threads: threads.sort((a, b) => a.pid - b.pid || a.threadId - b.threadId),
    unobservedWorkers: [...workers].filter(([key]) => !recorded.has(key)).map(([, worker]) => worker),
  };
}

async function recordNames(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).filter((name) => RECORD_FILE.test(name));
}

function mainThreadsFirst(a: string, b: string): number {
  return threadIdOf(a) - threadIdOf(b);
}

function threadIdOf(name: string): number {
  return Number(RECORD_FILE.exec(name)?.[2]);
}

/** The processes that left a record. */
export async function recordedProcesses(directory: string): Promise<Set<number>> {
  return new Set((await recordNames(directory)).map(processOf));
}

function processOf(name: string): number {
  return Number(RECORD_FILE.exec(name)?.[1]);
}

/**
 * Names of the records in a directory that a process has open to write on: its thread still runs. A worker's is
 * closed when the worker is terminated.
 */
export async function runningThreads(directory: string): Promise<string[]> {
  return (await recordNames(directory)).filter(
    (name) => holdsOpen(processOf(name), join(directory, name)) === true,
  );
}

function callSiteKey(site: CallSite): string {
  return JSON.stringify([site.user, site.dependency]);
}

/** Events with their sites as the code was written: by source maps, each site looked up once. */
class SitesAsWritten {
  readonly #positions = new OriginalPositions();
  /** Records give each site as one object, however many events have it. */
  readonly #known = new Map<CallSite, CallSite>();

  of(event: NodeEvent): NodeEvent {
    const { site: raw } = event as CallFields;
    if (raw === undefined) return event;
    let site = this.#known.get(raw);
    if (site === undefined) {
      const written = this.#positions.ofSite(raw);
      site = callSiteKey(written) === callSiteKey(raw) ? raw : written;
      this.#known.set(raw, site);
    }
    return site === raw ? event : Object.assign({}, event, { site });
  }
}
