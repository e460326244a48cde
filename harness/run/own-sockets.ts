import { readFile, writeFile } from 'node:fs/promises';
import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { ListenLife, SocketLife } from '../model/socket-life.ts';
import { replaceFile } from './run-record.ts';
import type { Line, Row } from './socket-log.ts';

/** The pairs of ends that are a run's own. */
export class OwnPairs {
  /** `local peer`, both ways. */
  readonly #pairs = new Set<string>();
  readonly #listens: ReadonlySet<string>;

  constructor(lives: readonly SocketLife[], listens: readonly ListenLife[]) {
    for (const { local, peer } of lives) if (local !== undefined && peer !== undefined) this.add(local, peer);
    this.#listens = new Set(listens.map(({ local }) => formatEndpoint(local)));
  }

  add(one: Endpoint, other: Endpoint): void {
    this.#addTexts(formatEndpoint(one), formatEndpoint(other));
  }

  /** Learns from a row that is at a port where the run listened which other end there is. */
  learn([, , local, peer]: Row): void {
    const port = local.slice(local.lastIndexOf(':'));
    if (this.#listens.has(local) || this.#listens.has(`0.0.0.0${port}`) || this.#listens.has(`[::]${port}`))
      this.#addTexts(local, peer);
  }

  has([, , local, peer]: Row): boolean {
    return this.hasPair(local, peer);
  }

  hasPair(local: string, peer: string): boolean {
    return this.#pairs.has(`${local} ${peer}`);
  }

  #addTexts(one: string, other: string): void {
    this.#pairs.add(`${one} ${other}`).add(`${other} ${one}`);
  }
}

/** Leaves of a socket log the rows of the run's own sockets. A line that was cut off goes, and what follows it. */
export async function keepOwnSockets(path: string, own: OwnPairs): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const lines = wholeLines(text);
  for (const { seen } of lines) for (const row of seen) own.learn(row);
  const kept = lines.map(({ at, seen, gone }) => {
    const line: Line = { at, seen: seen.filter((row) => own.has(row)), gone };
    return line;
  });
  const shown = new Set(kept.flatMap(({ seen }) => seen.map(([identity]) => identity)));
  const written = kept.map(({ at, seen, gone }) => {
    const line: Line = { at, seen, gone: gone.filter((identity) => shown.has(identity)) };
    return `${JSON.stringify(line)}\n`;
  });
  await replaceFile(path, async (made) => {
    await writeFile(made, written.join(''), { mode: 0o600 });
  });
}

function wholeLines(text: string): Line[] {
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    try {
      lines.push(JSON.parse(line) as Line);
    } catch {
      break;
    }
  }
  return lines;
}
