import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../model/endpoint.ts';
import type { LiveEvent } from '../model/live-event.ts';
import type { CallFields, NodeEvent } from '../model/node-event.ts';
import { RECORD_FILE } from '../node/record-format.ts';
import { GrowingRecord } from '../node/record-reader.ts';
import { OriginalPositions } from '../node/source-maps.ts';

const READ_BYTES = 1 << 20;

interface Ends {
  readonly local?: Endpoint;
  readonly peer?: Endpoint;
}

interface Growing {
  readonly path: string;
  readonly record: GrowingRecord;
  readonly ends: Map<number, Ends>;
  offset: number;
}

/** The records of a run's threads while they are written. No file stays open: a program may start any number. */
export class LiveEvents {
  readonly #directory: string;
  readonly #growing = new Map<string, Growing>();
  /** Those whose threads have said their last words. */
  readonly #over = new Set<string>();
  readonly #buffer = Buffer.alloc(READ_BYTES);
  readonly #positions = new OriginalPositions();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What was recorded since the last call, in order of time. */
  async poll(): Promise<LiveEvent[]> {
    const events: LiveEvent[] = [];
    for (const name of await readdir(this.#directory)) {
      if (!RECORD_FILE.test(name) || this.#over.has(name)) continue;
      for (const event of await this.#readOn(name, this.#growingOf(name))) events.push(event);
    }
    return events.sort((a, b) => (a.event.atNs < b.event.atNs ? -1 : 1));
  }

  #growingOf(name: string): Growing {
    let growing = this.#growing.get(name);
    if (growing === undefined) {
      growing = {
        path: join(this.#directory, name),
        record: new GrowingRecord(),
        ends: new Map<number, Ends>(),
        offset: 0,
      };
      this.#growing.set(name, growing);
    }
    return growing;
  }

  async #readOn(name: string, growing: Growing): Promise<LiveEvent[]> {
    const events: LiveEvent[] = [];
    const file = await open(growing.path);
    try {
      for (;;) {
        const { bytesRead } = await file.read(this.#buffer, 0, READ_BYTES, growing.offset);
        const read = growing.record.read(this.#buffer.subarray(0, bytesRead));
        growing.offset += read.bytes;
        for (const event of read.events) events.push(this.#placed(event, growing));
        if (read.bytes === 0 || bytesRead < READ_BYTES) break;
      }
    } finally {
      await file.close();
    }
    if (events.some(({ event }) => event.name === 'finwait:process:exit')) {
      this.#growing.delete(name);
      this.#over.add(name);
    }
    return events;
  }

  /** The ends stand in few events; the others have them by their socket. */
  #placed(event: NodeEvent, { ends }: Growing): LiveEvent {
    const { site } = event as CallFields;
    const written = site === undefined ? event : { ...event, site: this.#positions.ofSite(site) };
    if (!('socket' in event)) return { event: written };
    const { local, peer } = event as Ends;
    const known = { ...ends.get(event.socket), ...(local && { local }), ...(peer && { peer }) };
    if (event.name === 'finwait:socket:close') ends.delete(event.socket);
    else ends.set(event.socket, known);
    return { event: written, ...known };
  }
}
