import { type FileHandle, open, readdir } from 'node:fs/promises';
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
  readonly file: FileHandle;
  readonly record: GrowingRecord;
  readonly ends: Map<number, Ends>;
  offset: number;
}

/** The records of a run's threads while they are written. */
export class LiveEvents implements AsyncDisposable {
  readonly #directory: string;
  readonly #files = new Map<string, Growing>();
  readonly #buffer = Buffer.alloc(READ_BYTES);
  readonly #positions = new OriginalPositions();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What was recorded since the last call, in order of time. */
  async poll(): Promise<LiveEvent[]> {
    await this.#openNew();
    const events: LiveEvent[] = [];
    for (const growing of this.#files.values()) events.push(...(await this.#readOn(growing)));
    return events.sort((a, b) => (a.event.atNs < b.event.atNs ? -1 : 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#files.values()].map(async ({ file }) => file.close()));
  }

  async #openNew(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (this.#files.has(name) || !RECORD_FILE.test(name)) continue;
      const file = await open(join(this.#directory, name));
      this.#files.set(name, { file, record: new GrowingRecord(), ends: new Map(), offset: 0 });
    }
  }

  async #readOn(growing: Growing): Promise<LiveEvent[]> {
    const events: LiveEvent[] = [];
    for (;;) {
      const { bytesRead } = await growing.file.read(this.#buffer, 0, READ_BYTES, growing.offset);
      const read = growing.record.read(this.#buffer.subarray(0, bytesRead));
      growing.offset += read.bytes;
      for (const event of read.events) events.push(this.#placed(event, growing));
      if (read.bytes === 0 || bytesRead < READ_BYTES) return events;
    }
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
