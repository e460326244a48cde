import { createReadStream, type ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FinwaitError } from '../errors.ts';

/** Large enough that a read costs nothing beside what is done with it, small enough for the processor's cache. */
const CHUNK_BYTES = 512 * 1024;

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** A capture's bytes, unpacked if they were compressed. */
export interface CaptureSource {
  /** What to call it in messages: the path, or `stdin`. */
  readonly name: string;
  /** Octets of the file as it lies on disk; undefined for a pipe. */
  readonly totalBytes: number | undefined;
  /** Octets read so far of those. */
  readonly bytesRead: () => number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Opens a capture file, or standard input for `-`; gzip is known by its first bytes and unpacked on the way.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when it cannot be read or unpacked, also later, while it is read
 */
export async function openCaptureSource(path: string): Promise<CaptureSource> {
  if (path === '-') {
    const input = counted(process.stdin, 'stdin');
    return {
      name: 'stdin',
      totalBytes: undefined,
      bytesRead: input.read,
      chunks: unpacked(input.chunks, 'stdin'),
    };
  }
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const totalBytes = await sizeOf(path);
  return {
    name: path,
    totalBytes,
    bytesRead: () => stream.bytesRead,
    chunks: unpacked(readable(stream, path), path),
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    await using file = await open(path);
    const stats = await file.stat();
    if (stats.isDirectory()) throw unreadable(path, 'it is a directory');
    return stats.size;
  } catch (error) {
    if (error instanceof FinwaitError) throw error;
    throw unreadable(path, (error as Error).message, error);
  }
}

function counted(stream: Readable, name: string): { read: () => number; chunks: AsyncIterable<Uint8Array> } {
  let read = 0;
  async function* count(): AsyncGenerator<Uint8Array> {
    for await (const chunk of readable(stream, name)) {
      read += chunk.length;
      yield chunk;
    }
  }
  return { read: () => read, chunks: count() };
}

async function* readable(stream: Readable | ReadStream, name: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw unreadable(name, (error as Error).message, error);
  }
}

/** The chunks as they are, or what gzip made them of. */
async function* unpacked(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let known = 0;
  while (known < GZIP_MAGIC.length) {
    const next = await iterator.next();
    if (next.done === true) break;
    head.push(next.value);
    known += next.value.length;
  }
  const whole = rejoin(head, iterator);
  const start = Buffer.concat(head);
  if (start[0] === GZIP_MAGIC[0] && start[1] === GZIP_MAGIC[1]) yield* gunzip(whole, name);
  else yield* whole;
}

async function* rejoin(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* gunzip(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const gunzipper = createGunzip({ chunkSize: CHUNK_BYTES });
  const feed = async (): Promise<void> => {
    for await (const chunk of chunks) {
      if (!gunzipper.write(chunk)) await onceDrained(gunzipper);
    }
    gunzipper.end();
  };
  feed().catch((error: unknown) => gunzipper.destroy(error as Error));
  try {
    for await (const chunk of gunzipper) yield chunk as Uint8Array;
  } catch (error) {
    if (error instanceof FinwaitError) throw error;
    throw unreadable(name, `its gzip data are damaged: ${(error as Error).message}`, error);
  }
}

async function onceDrained(stream: NodeJS.EventEmitter): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once('drain', resolve);
    stream.once('close', resolve);
  });
}

function unreadable(name: string, why: string, cause?: unknown): FinwaitError {
  return new FinwaitError('ERR_FINWAIT_FORMAT', `${name} cannot be read: ${why}`, {
    ...(cause !== undefined && { cause }),
    hint: 'Name a pcap or pcapng file, compressed by gzip or not, or - for standard input.',
  });
}
