import { join } from 'node:path';
import { analyzeCapture } from '../analyze/analyze-capture.ts';
import { openCaptureSource } from '../analyze/capture-source.ts';
import { correlate } from '../correlate/correlate.ts';
import { lifeReports } from '../correlate/life-reports.ts';
import type { Connection, Side } from '../model/connection.ts';
import type { ClockReading } from '../model/observation.ts';
import type { RunConnection } from '../model/run-connection.ts';
import { clockOf, openRun } from './open-run.ts';
import { readRun } from './read-run.ts';
import { RunFile } from './run-record.ts';
import { SocketHistory } from './socket-log.ts';

/** One connection of a run, whole. */
export interface RunConnectionInFull {
  readonly connection: RunConnection;
  /** Every segment, state and JS report on one clock; absent when no packet of it was captured. */
  readonly timeline?: Connection;
}

/**
 * Reads a run once more for one of its connections.
 * @returns undefined when the run has none of that number
 * @throws FinwaitError ERR_FINWAIT_FORMAT when the directory holds no run
 */
export async function readRunConnection(
  directory: string,
  id: number,
): Promise<RunConnectionInFull | undefined> {
  const found: RunConnection[] = [];
  await readRun(directory, {
    onConnection: (connection) => {
      if (connection.id === id) found.push(connection);
    },
  });
  const [connection] = found;
  if (connection === undefined) return undefined;
  const { row } = connection;
  const opened = await openRun(directory);
  const { capture, ...record } = opened.record;
  if (row === undefined || capture === undefined) return { connection };
  const source = await openCaptureSource(join(directory, capture.file));
  const { segments } = await analyzeCapture(source, { follow: id });
  const history = await SocketHistory.read(join(directory, RunFile.sockets));
  const { client, server } = row;
  const { seenStates } = connection;
  const clock = clockOf({ ...record, capture });
  const timeline = correlate({
    client,
    server,
    segments,
    snapshots: history.snapshotsOf({ client, server, seenStates }, clock),
    reports: (['client', 'server'] as const).flatMap((side) => reportsOf(connection, side)),
    clockReadings: [readingOf(clock)],
    holds: [],
    damage: record.damage,
  });
  const [whole] = timeline.connections;
  return { connection, ...(whole && { timeline: { ...whole, id } }) };
}

function reportsOf({ lives, client, server }: RunConnection, side: Side) {
  const life = lives[side];
  if (life === undefined || client === undefined) return [];
  const [local, peer] = side === 'client' ? [client, server] : [server, client];
  // An attempt that failed never knew its own end; the wire does.
  return lifeReports(life).map((report) => ({ side, report: { ...report, local, peer } }));
}

/** A clock that is known, as the one reading that gives it. */
function readingOf({ offsetNs, errorNs }: ReturnType<typeof clockOf>): ClockReading {
  return { capturedAtNs: 0n, sentAfterNs: -offsetNs - errorNs, sentBeforeNs: -offsetNs + errorNs };
}
