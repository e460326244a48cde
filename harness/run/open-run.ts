import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClockMap } from '../correlate/clocks.ts';
import { isFinwaitError } from '../errors.ts';
import type { Damage } from '../model/evidence.ts';
import type { RunState } from '../model/run-report.ts';
import type { CaptureDamage } from '../wire/capture-damage.ts';
import { type NodeLane, readNodeLane, runningThreads } from './node-lane.ts';
import { keepOwnPackets, type RawCapture, readRawCapture } from './own-packets.ts';
import { keepOwnSockets, OwnPairs } from './own-sockets.ts';
import { isRunning } from './process-identity.ts';
import { type CaptureRecord, readRunRecord, RunFile, type RunRecord, writeRunRecord } from './run-record.ts';
import { keepOwnTrace } from './trace-history.ts';

/** A run as it can be told now. */
export interface OpenedRun {
  /** The clock of its capture is known. */
  readonly record: RunRecord;
  readonly node: NodeLane;
  readonly state: RunState;
}

/**
 * Reads what a run is told from. Of one that has ended, the first to come leaves in the record what is the run's own;
 * one that goes on is left as it is.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when the directory holds no run
 */
export async function openRun(directory: string): Promise<OpenedRun> {
  for (;;) {
    const record = await readRunRecord(directory);
    try {
      return await open(directory, record);
    } catch (error) {
      // The raw capture is gone: whoever came first, the run's own end maybe, has made the capture the run's own.
      const now = await readRunRecord(directory);
      if (record.ownOnly === now.ownOnly) throw error;
    }
  }
}

async function open(directory: string, written: RunRecord): Promise<OpenedRun> {
  const state = stateOf(written);
  const records = join(directory, RunFile.node);
  const running = written.finished ? (written.stillRunning ?? []) : await runningThreads(records);
  const { exitCode, programPid } = written;
  const exited = exitCode !== undefined && programPid !== undefined && { exitedPid: programPid };
  const node = await readNodeLane(records, { stillRunning: new Set(running), ...exited });
  const record = await withClock(directory, written, state);
  if (state === 'running' || state === 'unknown') return { record, node, state };
  return { record: await keepOwn(directory, record, node), node, state };
}

function stateOf({ finished, finwait }: RunRecord): RunState {
  if (finished) return 'ended';
  const runs = finwait !== undefined && isRunning(finwait);
  if (runs === undefined) return 'unknown';
  return runs ? 'running' : 'killed';
}

/** The record with its capture's clock, and with what is wrong with the capture. */
async function withClock(directory: string, record: RunRecord, state: RunState): Promise<RunRecord> {
  const { capture, ...rest } = record;
  if (capture === undefined || capture.ownOnly) return record;
  let raw: RawCapture;
  try {
    raw = await readRawCapture(directory, capture);
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
    const { ownOnly } = await readRunRecord(directory);
    if (ownOnly === true) throw error;
    // Nothing was written to it, or somebody removed it: the other lanes are still to be told.
    return {
      ...rest,
      damage: [...rest.damage, { lane: 'wire', kind: 'file-incomplete', detail: error.message }],
    };
  }
  const { clock, damage } = raw;
  const { offsetNs, errorNs } = clock ?? clockOf(record);
  const known: CaptureRecord = {
    ...capture,
    clock: { offsetNs: String(offsetNs), errorNs: String(errorNs) },
  };
  // The packet that tcpdump is just writing is no damage.
  const found = state === 'ended' || state === 'killed' ? damage.map(captureDamage) : [];
  return { ...record, capture: known, damage: [...record.damage, ...found] };
}

export function captureDamage({ offset, problem }: CaptureDamage): Damage {
  return { lane: 'wire', kind: 'file-incomplete', detail: `the capture, at octet ${offset}: ${problem}` };
}

/** Where a directory may only be read, the record stays as it is. */
async function keepOwn(directory: string, record: RunRecord, node: NodeLane): Promise<RunRecord> {
  if (record.ownOnly === true) return record;
  const { capture, addresses } = record;
  const own = new OwnPairs(node.lives, node.listens);
  const lives = { ...node, ...(addresses && { addresses }) };
  try {
    const kept = capture && (await keepOwnPackets(directory, capture, lives, clockOf(record), own));
    await keepOwnSockets(join(directory, RunFile.sockets), own);
    await keepOwnTrace(join(directory, RunFile.trace), own);
    const next: RunRecord = { ...record, ...(kept && { capture: kept }), ownOnly: true };
    await writeRunRecord(directory, next);
    await rm(join(directory, RunFile.rawCapture), { force: true });
    return next;
  } catch (error) {
    if (!READ_ONLY.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return record;
  }
}

const READ_ONLY: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/** Without a capture there is no second clock: what the wall said at the start will do. */
export function clockOf({ capture, startedAt, startedAtNs }: RunRecord): ClockMap {
  if (capture?.clock !== undefined) {
    const { offsetNs, errorNs } = capture.clock;
    return { offsetNs: BigInt(offsetNs), errorNs: BigInt(errorNs) };
  }
  return { offsetNs: BigInt(Date.parse(startedAt)) * 1_000_000n - BigInt(startedAtNs), errorNs: 1_000_000n };
}
