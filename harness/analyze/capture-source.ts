import { closeSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FinwaitError } from '../errors.ts';
import { turn } from '../timing.ts';
import type { CaptureDamage } from '../wire/capture-damage.ts';

/** Large enough that a read costs nothing beside what is done with it, small enough for the processor's cache. */
const CHUNK_BYTES = 256 * 1024;

/** 4 MiB, some ten milliseconds of work. */
const CHUNKS_PER_TURN = 16;

const GZIP_PIECE_BYTES = 16 * 1024;

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** A capture's bytes, unpacked if they were compressed. */
export interface CaptureSource {
  /** What to call it in messages: the path, or `stdin`. */
  readonly name: string;
  /** Octets of the file as it lies on disk; undefined for a pipe. */
  readonly totalBytes: number | undefined;
  /** Octets read so far of those. */
  readonly bytesRead: () => number;
  /** Each is overwritten once the next is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What made `chunks` end early, if anything did; known once they have ended. */
  readonly damage: () => CaptureDamage | undefined;
}

/**
 * Opens a capture file, or standard input for `-`; gzip is known by its first bytes and unpacked on the way: a
 * damaged one up to the 16 KiB that the damage lies in, one that was cut as far as it goes.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when there is no such file or it may not be read; while it is read, when
 * reading fails or nothing of it can be unpacked
 */
export async function openCaptureSource(path: string): Promise<CaptureSource> {
  if (path === '-') return sourceOf(process.stdin as AsyncIterable<Uint8Array>, 'stdin', undefined);
  const file = await openFile(path);
  const stats = await fileStats(file, path);
  if (!stats.isFile()) return sourceOf(file.createReadStream(), path, undefined);
  // Who reads it opens it again: a source that nobody reads holds nothing open.
  await file.close();
  return sourceOf(fileChunks(path), path, stats.size);
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw unreadable(path, reasonOf(error as NodeJS.ErrnoException), error);
  }
}

/**
 * Read synchronously, into one buffer: of a regular file that costs a third of what asking the thread pool does. The
 * event loop has its turn every so often, for signals and whoever else lives in the process.
 */
async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = openSync(path, 'r');
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (let chunks = 1; ; chunks++) {
      const bytes = readSync(file, buffer, 0, CHUNK_BYTES, null);
      if (bytes === 0) return;
      yield buffer.subarray(0, bytes);
      if (chunks % CHUNKS_PER_TURN === 0) await turn();
    }
  } finally {
    closeSync(file);
  }
}

async function fileStats(file: FileHandle, path: string): Promise<Stats> {
  const stats = await file.stat();
  if (!stats.isDirectory()) return stats;
  await file.close();
  throw unreadable(path, 'it is a directory');
}

const REASONS: Readonly<Partial<Record<string, string>>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
};

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return REASONS[code ?? ''] ?? message;
}

type NoteDamage = (offset: number, problem: string) => void;

function sourceOf(stream: AsyncIterable<Uint8Array>, name: string, size: number | undefined): CaptureSource {
  let read = 0;
  let damage: CaptureDamage | undefined;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of stream) {
        read += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw unreadable(name, reasonOf(error as NodeJS.ErrnoException), error);
    }
  }
  const noteDamage: NoteDamage = (offset, problem) => {
    damage = { kind: 'cut', offset, problem };
  };
  return {
    name,
    totalBytes: size,
    bytesRead: () => read,
    chunks: unpacked(counted(), name, noteDamage),
    damage: () => damage,
  };
}

/** The chunks as they are, or what gzip made them of. */
async function* unpacked(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  noteDamage: NoteDamage,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let known = 0;
  while (known < GZIP_MAGIC.length) {
    const next = await iterator.next();
    if (next.done === true) break;
    // A copy: the chunk is overwritten once the next is asked for.
    head.push(known + next.value.length < GZIP_MAGIC.length ? next.value.slice() : next.value);
    known += next.value.length;
  }
  const whole = rejoin(head, iterator);
  const start = Buffer.concat(head);
  if (start[0] === GZIP_MAGIC[0] && start[1] === GZIP_MAGIC[1]) yield* gunzip(whole, name, noteDamage);
  else yield* whole;
}

async function* rejoin(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* gunzip(
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
  noteDamage: NoteDamage,
): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import('node:zlib');
  const gunzipper = createGunzip({ chunkSize: CHUNK_BYTES });
  let unpacked: Uint8Array[] = [];
  let unpackedBytes = 0;
  let failure: Error | undefined;
  gunzipper.on('data', (part: Uint8Array) => {
    unpacked.push(part);
    unpackedBytes += part.length;
  });
  gunzipper.on('error', (error) => {
    failure = error;
  });
  // A write that fails is never answered otherwise.
  let goOn = (): void => undefined;
  gunzipper.once('close', () => {
    goOn();
  });
  // Node drops what the failing write would have given: small writes lose little.
  for await (const piece of piecesOf(chunks)) {
    await new Promise<void>((resolve) => {
      goOn = resolve;
      if (piece === undefined) gunzipper.end();
      else {
        gunzipper.write(piece, () => {
          resolve();
        });
      }
    });
    yield* unpacked;
    unpacked = [];
    if (failure !== undefined) break;
  }
  if (failure === undefined) return;
  const problem = `its gzip data are damaged: ${failure.message}`;
  if (unpackedBytes === 0) throw unreadable(name, problem, failure);
  noteDamage(unpackedBytes, problem);
}

/** Chunks in small pieces, then undefined. */
async function* piecesOf(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array | undefined> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += GZIP_PIECE_BYTES) {
      yield chunk.subarray(at, at + GZIP_PIECE_BYTES);
    }
  }
  yield undefined;
}

function unreadable(name: string, why: string, cause?: unknown): FinwaitError {
  return new FinwaitError('ERR_FINWAIT_FORMAT', `${name} cannot be read: ${why}`, {
    ...(cause !== undefined && { cause }),
    hint: 'Name a pcap or pcapng file, compressed by gzip or not, or - for standard input.',
  });
}
