import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinHandedOver } from '../correlate/handed-over-lives.ts';
import { socketLives } from '../correlate/socket-lives.ts';
import type { CallFields, CallSite, NodeEvent } from '../model/node-event.ts';
import type { ListenLife, SocketLife } from '../model/socket-life.ts';
import { RECORD_FILE } from '../node/record-format.ts';
import { decodeRecord } from '../node/record-reader.ts';
import { OriginalPositions } from '../node/source-maps.ts';

/** One thread that left a record. */
export interface ThreadSummary {
  readonly pid: number;
  readonly threadId: number;
  readonly argv: readonly string[];
  readonly nodeVersion: string;
  readonly sockets: number;
  readonly leftOut: { readonly sockets: number; readonly events: number };
  /** False for one that was killed. */
  readonly ended: boolean;
}

export interface NodeLane {
  readonly lives: readonly SocketLife[];
  readonly listens: readonly ListenLife[];
  readonly threads: readonly ThreadSummary[];
}

/** Reads one file after the other, so that the events of only one are in memory beside the lives that they make. */
export async function readNodeLane(directory: string): Promise<NodeLane> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => RECORD_FILE.test(name));
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
    const isWhole = leftOut.events === 0 && !cut;
    const found = socketLives({ pid, threadId, nodeVersion, events, ended, isWhole });
    for (const life of found.lives) lives.push(life);
    listens.push(...found.listens);
    threads.push({ pid, threadId, argv, nodeVersion, sockets: found.lives.length, leftOut, ended });
  }
  return {
    lives: joinHandedOver(lives, listens),
    listens,
    threads: threads.sort((a, b) => a.pid - b.pid || a.threadId - b.threadId),
  };
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
