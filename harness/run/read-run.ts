import { join, resolve } from 'node:path';
import { analyzeCapture } from '../analyze/analyze-capture.ts';
import { type CaptureSource, openCaptureSource } from '../analyze/capture-source.ts';
import type { RowTest } from '../analyze/row-test.ts';
import { connectionWithoutWire } from '../correlate/connection-without-wire.ts';
import { ControlSegments } from '../correlate/control-segments.ts';
import { LifeIndex } from '../correlate/life-index.ts';
import { joinConnection, type RunFacts } from '../correlate/run-connections.ts';
import { RunGroups } from '../correlate/run-groups.ts';
import { FinwaitError } from '../errors.ts';
import type { Damage } from '../model/evidence.ts';
import type { ConnectionRow } from '../model/connection-row.ts';
import type { RunConnection } from '../model/run-connection.ts';
import type { RunReport, RunState } from '../model/run-report.ts';
import { rejectUnknownOptions } from '../options.ts';
import { knownFacts } from './known-facts.ts';
import { nodeDamage } from './node-damage.ts';
import type { NodeLane } from './node-lane.ts';
import { captureDamage, clockOf, type OpenedRun, openRun } from './open-run.ts';
import { findDamage } from './own-packets.ts';
import { RunFile, type RunRecord } from './run-record.ts';
import { SocketHistory } from './socket-log.ts';
import { TraceHistory } from './trace-history.ts';

export interface ReadRunOptions {
  /** Called for each connection, in order of their ends; those of which no packet was captured come last. */
  readonly onConnection?: (connection: RunConnection) => void;
  /**
   * Only connections of which this holds; the rest is neither told nor counted. One of `parseWhere()` judges those
   * without packets by what the other lanes tell; of any other they are counted as undetermined.
   */
  readonly where?: ((row: ConnectionRow) => boolean) & Partial<Pick<RowTest, 'byFacts'>>;
}

/**
 * Joins the lanes of a run that `runProgram()` left, or of one that still runs, as far as it has come.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when the directory holds no run
 */
export async function readRun(directory: string, options: ReadRunOptions = {}): Promise<RunReport> {
  rejectUnknownOptions(options, ['onConnection', 'where']);
  const { onConnection, where } = options;
  const { record, node, state, source } = await openToTell(directory);
  const history = await SocketHistory.read(join(directory, RunFile.sockets));
  const trace = await TraceHistory.read(join(directory, RunFile.trace));
  const clock = clockOf(record);
  const damage = [...record.damage, ...stateDamage(state), ...nodeDamage(node, state), ...unobserved(record)];
  if (state === 'ended' || state === 'killed') damage.push(...(await laterDamage(directory, record)));
  const facts: RunFacts = {
    clock,
    wireIsWhole:
      record.capture !== undefined && state !== 'running' && !damage.some(({ lane }) => lane === 'wire'),
    seenStates: (ends) => history.statesOf(ends, clock),
    ...(trace && { traced: (ends) => trace.tracedOf(ends, clock) }),
  };
  const groups = new RunGroups();
  let leftOut = 0;
  let undetermined = 0;
  await joinLanes(source, record, node, facts, (connection, ours) => {
    const matches = where === undefined || judge(connection, where);
    if (matches === undefined) undetermined++;
    else if (!matches) leftOut++;
    if (matches !== true) return;
    groups.add(connection, ours);
    onConnection?.(connection);
  });
  const told = { state, ...groups.counts, leftOut, undetermined };
  return { ...reportOf(resolve(directory), record, node, damage), ...told };
}

/** What has happened to the capture since it was made the run's own. */
async function laterDamage(directory: string, { capture }: RunRecord): Promise<Damage[]> {
  if (capture?.ownOnly !== true) return [];
  return (await findDamage(join(directory, capture.file))).map(captureDamage);
}

/**
 * The capture of a run, for whoever wants only the wire.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when the directory holds no run, or the run has no capture; ERR_FINWAIT_USAGE
 * while the run goes on, as its capture is not yet its own
 */
export async function captureOfRun(directory: string): Promise<string> {
  const { record, state } = await openRun(directory);
  const { capture } = record;
  if (state === 'running' || state === 'unknown') {
    throw new FinwaitError(
      'ERR_FINWAIT_USAGE',
      `${directory}: the run has not ended, or is not known to have`,
      {
        hint: `finwait analyze ${directory}, or with --json or --connection N, tells what there is so far.`,
      },
    );
  }
  if (capture !== undefined) return join(directory, capture.file);
  throw new FinwaitError('ERR_FINWAIT_FORMAT', `${directory}: nothing could be captured in this run`, {
    hint: `finwait analyze ${directory} tells what the other lanes saw.`,
  });
}

function judge(connection: RunConnection, where: NonNullable<ReadRunOptions['where']>): boolean | undefined {
  const { row } = connection;
  return row === undefined ? where.byFacts?.(knownFacts(connection)) : where(row);
}

/** A run with its capture open: what makes that the run's own meanwhile does not take it away. */
async function openToTell(
  directory: string,
): Promise<OpenedRun & { readonly source: CaptureSource | undefined }> {
  for (;;) {
    const run = await openRun(directory);
    const { capture } = run.record;
    try {
      const source = capture && (await openCaptureSource(join(directory, capture.file)));
      return { ...run, source };
    } catch (error) {
      // It went on, and has ended since.
      if (run.state !== 'running') throw error;
    }
  }
}

type Told = (connection: RunConnection, ours: Parameters<RunGroups['add']>[1]) => void;

async function joinLanes(
  source: CaptureSource | undefined,
  { ports, addresses }: RunRecord,
  node: NodeLane,
  facts: RunFacts,
  tell: Told,
): Promise<void> {
  const index = new LifeIndex({ ...node, ...(addresses && { addresses }) }, facts.clock);
  let connections = 0;
  const join = (row: ConnectionRow, segments: ControlSegments | undefined): void => {
    const joined = index.take(row);
    if (joined === undefined || segments === undefined) return;
    const connection = joinConnection(row, segments.of(row), joined, facts);
    tell(connection, sidesOf(connection, joined.listen !== undefined));
  };
  if (source !== undefined) {
    const controls = new Map<number, ControlSegments>();
    const waiting: { readonly row: ConnectionRow; readonly segments: ControlSegments | undefined }[] = [];
    const analysis = await analyzeCapture(source, {
      onPacket: (packet, id) => {
        let segments = controls.get(id);
        if (segments === undefined) {
          segments = new ControlSegments();
          controls.set(id, segments);
        }
        segments.see(packet);
      },
      onRow: (row) => {
        const segments = controls.get(row.id);
        controls.delete(row.id);
        if (index.waitsForOthers(row)) waiting.push({ row, segments });
        else join(row, segments);
      },
    });
    ({ connections } = analysis);
    waiting.sort((a, b) => (a.row.startNs < b.row.startNs ? -1 : 1));
    for (const { row, segments } of waiting) join(row, segments);
  }
  tellRest(index, connections, facts, (connection, ours) => {
    if (isOfPorts(connection, ports)) tell(connection, ours);
  });
}

/** What the run was not asked to look at is not missing. */
function isOfPorts({ client, server }: RunConnection, ports: readonly number[]): boolean {
  return (
    ports.length === 0 ||
    [client?.port, server.port].some((port) => port !== undefined && ports.includes(port))
  );
}

/** What JS tells of and no packet. */
function tellRest(index: LifeIndex, after: number, facts: RunFacts, tell: Told): void {
  let id = after;
  for (const left of index.left) {
    const connection = connectionWithoutWire(id + 1, left, facts);
    if (connection === undefined) continue;
    id++;
    tell(connection, sidesOf(connection, false));
  }
}

function sidesOf({ lives }: RunConnection, listens: boolean): ('client' | 'server')[] {
  const { client, server } = lives;
  return [
    ...(client === undefined ? [] : ['client' as const]),
    ...(server === undefined && !listens ? [] : ['server' as const]),
  ];
}

const STATE_DETAILS: Readonly<Partial<Record<RunState, string>>> = {
  killed: 'finwait was killed before the record of the run was finished',
  unknown:
    'the run goes on, or its finwait was killed: that cannot be told from here, as it runs in another pid namespace',
};

function stateDamage(state: RunState): Damage[] {
  const detail = STATE_DETAILS[state];
  return detail === undefined ? [] : [{ lane: 'wire', kind: 'capture-ended', detail }];
}

const LONGEST_COMMAND = 80;

function unobserved({ unobserved: processes = [] }: RunRecord): Damage[] {
  return processes.map(({ pid, command }) => {
    const why =
      'Node before 20.19, or it ended before it ran a program, may not write files or was not handed NODE_OPTIONS';
    const words = command.join(' ').replaceAll(/\s+/g, ' ').slice(0, LONGEST_COMMAND);
    const detail = `process ${pid} (${words}) ran Node and left no record: ${why}`;
    return { lane: 'node', kind: 'lane-missing', detail };
  });
}

function reportOf(
  directory: string,
  record: RunRecord,
  { threads }: NodeLane,
  damage: readonly Damage[],
): Omit<RunReport, keyof RunGroups['counts'] | 'leftOut' | 'undetermined' | 'state'> {
  const { command, network, startedAtNs, endedAtNs, exitCode, signal, sockets, hints } = record;
  return {
    directory,
    command,
    network,
    durationNs: endedAtNs === undefined ? undefined : BigInt(endedAtNs) - BigInt(startedAtNs),
    exitCode,
    signal,
    processes: new Set(threads.map(({ pid }) => pid)).size,
    threads: threads.length,
    largestGapMs: sockets?.largestGapMs,
    damage,
    hints,
  };
}
