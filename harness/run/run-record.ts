import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { FinwaitError } from '../errors.ts';
import type { Damage } from '../model/evidence.ts';
import { ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Raised when a field changes its meaning or goes. */
const SCHEMA_VERSION = 1;

/** `run.json`: what a run was, apart from what its lanes saw. Monotonic times as decimal text, ns. */
export interface RunRecord {
  readonly kind: 'finwait-run';
  readonly schemaVersion: number;
  readonly finwaitVersion: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly network: 'host' | 'private';
  /** Of this machine, at the start and at the end; zones left out. Absent in records of before they were kept. */
  readonly addresses?: readonly string[];
  /** Only TCP to or from these was captured; empty for all. */
  readonly ports: readonly number[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly startedAtNs: string;
  /** False while it runs, and for ever when finwait was killed. */
  readonly finished: boolean;
  /** The finwait that writes this; absent where /proc did not tell. */
  readonly finwait?: ProcessIdentity;
  readonly endedAtNs?: string;
  /** The program's own process. Absent while it runs, and in records of before it was kept. */
  readonly programPid?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  /** Absent when nothing could be captured; `damage` then says why. */
  readonly capture?: CaptureRecord;
  readonly sockets?: SocketsRecord;
  /** True once the capture and the socket log hold what is the run's own, and nothing else. */
  readonly ownOnly?: boolean;
  /** Names of the records whose threads still ran when the program had ended. */
  readonly stillRunning?: readonly string[];
  /** Processes that ran Node and left no record. */
  readonly unobserved?: readonly UnobservedProcess[];
  readonly damage: readonly Damage[];
  /** What to type so that the next run sees more. */
  readonly hints: readonly string[];
}

export interface UnobservedProcess {
  readonly pid: number;
  readonly command: readonly string[];
}

export interface SocketsRecord {
  readonly samples: number;
  readonly largestGapMs: number;
  readonly share: number;
}

export interface CaptureRecord {
  /** In the run's directory. */
  readonly file: string;
  /** True once packets that are not the run's were left out, and payloads cut off. */
  readonly ownOnly: boolean;
  readonly token: string;
  /** When the marks were sent: monotonic ns before and after. */
  readonly marks: readonly (readonly [after: string, before: string])[];
  /** The clock as it was met in the capture, once that is known: its marks are then no longer in the file. */
  readonly clock?: { readonly offsetNs: string; readonly errorNs: string };
  readonly captured?: number;
  readonly dropped?: number;
}

/** The names of what lies in a run's directory. */
export const RunFile = {
  record: 'run.json',
  /** As tcpdump wrote it, until the run's end. */
  rawCapture: 'capture-raw.pcap',
  capture: 'capture.pcap',
  sockets: 'sockets.jsonl',
  /** As the kernel prints its tracepoints. */
  trace: 'trace.txt',
  node: 'node',
} as const;

export function newRunRecord(
  command: readonly string[],
  network: RunRecord['network'],
  ports: readonly number[],
): RunRecord {
  const finwait = ownIdentity();
  return {
    kind: 'finwait-run',
    schemaVersion: SCHEMA_VERSION,
    finwaitVersion: finwaitVersion(),
    command,
    cwd: process.cwd(),
    network,
    addresses: ownAddresses(),
    ports,
    startedAt: new Date().toISOString(),
    startedAtNs: String(process.hrtime.bigint()),
    finished: false,
    ...(finwait && { finwait }),
    damage: [],
    hints: [],
  };
}

/** The addresses that the machine has now, beside `known` ones that it had before. */
export function ownAddresses(known: readonly string[] = []): string[] {
  const now = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => address.replace(/%.*$/, '')),
  );
  return [...new Set([...known, ...now])];
}

export async function writeRunRecord(directory: string, record: RunRecord): Promise<void> {
  await replaceFile(join(directory, RunFile.record), async (path) => {
    await writeFile(path, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  });
}

/**
 * Whole or not at all: no reader meets half of it, and of several writers the last has made it.
 * @param write makes the file of that name
 */
export async function replaceFile(path: string, write: (path: string) => Promise<void>): Promise<void> {
  const made = `${path}.${randomUUID()}.new`;
  try {
    await write(made);
    await rename(made, path);
  } catch (error) {
    await rm(made, { force: true });
    throw error;
  }
}

/** @throws FinwaitError ERR_FINWAIT_FORMAT when the directory holds no run, or one of a later version */
export async function readRunRecord(directory: string): Promise<RunRecord> {
  let record: Partial<RunRecord>;
  try {
    record = JSON.parse(await readFile(join(directory, RunFile.record), 'utf8')) as Partial<RunRecord>;
  } catch (error) {
    throw new FinwaitError('ERR_FINWAIT_FORMAT', `${directory} holds no run: ${(error as Error).message}`, {
      hint: 'Name a directory that finwait run made, or a capture file.',
      cause: error,
    });
  }
  const { kind, schemaVersion } = record;
  if (kind === 'finwait-run' && schemaVersion === SCHEMA_VERSION) return record as RunRecord;
  throw new FinwaitError(
    'ERR_FINWAIT_FORMAT',
    `${directory}: a run of schema version ${String(schemaVersion)}; this finwait reads ${SCHEMA_VERSION}`,
  );
}

function finwaitVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
