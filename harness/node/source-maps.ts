import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CallSite, CodePosition } from '../model/node-event.ts';

const MAPPING_COMMENT = /^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm;

/**
 * Where the code at a position was written, by the source map that its file names; for showing only. The file is read
 * now, long after the program ran it: without a map, or when it is gone, the position stays as it is.
 */
export class OriginalPositions {
  readonly #maps = new Map<string, SourceMap | undefined>();

  /** Both lines of a call site. */
  ofSite({ user, dependency }: CallSite): CallSite {
    return {
      ...(user && { user: this.of(user) }),
      ...(dependency && { dependency: { ...this.of(dependency), package: dependency.package } }),
    };
  }

  of(position: CodePosition): CodePosition {
    const { file, line, column } = position;
    const path = pathOf(file);
    const map = path === undefined ? undefined : this.#mapOf(path);
    if (map === undefined || path === undefined)
      return path === undefined ? position : { ...position, file: path };
    const entry = map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry) || !entry.originalSource) return { ...position, file: path };
    return {
      ...position,
      file: originalPath(path, entry.originalSource),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  }

  #mapOf(path: string): SourceMap | undefined {
    if (this.#maps.has(path)) return this.#maps.get(path);
    const map = readMap(path);
    this.#maps.set(path, map);
    return map;
  }
}

function pathOf(file: string): string | undefined {
  if (file.startsWith('file:')) return fileURLToPath(file);
  return file.startsWith('/') ? file : undefined;
}

function readMap(path: string): SourceMap | undefined {
  try {
    const url = [...readFileSync(path, 'utf8').matchAll(MAPPING_COMMENT)].at(-1)?.[1];
    if (url === undefined) return undefined;
    const text = url.startsWith('data:')
      ? Buffer.from(url.slice(url.indexOf(',') + 1), 'base64').toString()
      : readFileSync(resolve(dirname(path), decodeURIComponent(url)), 'utf8');
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    return undefined;
  }
}

function originalPath(path: string, source: string): string {
  if (source.startsWith('file:')) return fileURLToPath(source);
  return /^[a-z][a-z+.-]*:/i.test(source) ? source : resolve(dirname(path), source);
}
