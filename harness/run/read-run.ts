import { join, resolve } from 'node:path';
import { analyzeCapture } from '../analyze/analyze-capture.ts';
import { openCaptureSource } from '../analyze/capture-source.ts';
import type { RowTest } from '../analyze/row-test.ts';
import type { ClockMap } from '../correlate/clocks.ts';
import { connectionWithoutWire } from '../correlate/connection-without-wire.ts';
import { ControlSegments } from '../correlate/control-segments.ts';
import { LifeIndex } from '../correlate/life-index.ts';
import { joinConnection, type RunFacts } from '../correlate/run-connections.ts';
import { RunGroups } from '../correlate/run-groups.ts';
import { FinwaitError } from '../errors.ts';
import type { Damage } from '../model/evidence.ts';
import type { ConnectionRow } from '../model/connection-row.ts';
import type { RunConnection } from '../model/run-connection.ts';
import type { RunReport } from '../model/run-report.ts';
import { rejectUnknownOptions } from '../options.ts';
import { knownFacts } from './known-facts.ts';
import { type NodeLane, readNodeLane } from './node-lane.ts';
import { keepOwnPackets } from './own-packets.ts';
import { readRunRecord, RunFile, type RunRecord } from './run-record.ts';
import { SocketHistory } from './socket-log.ts';

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
 * Joins the lanes of a run that `runProgram()` left. The first to read it leaves out of its capture what is not the
 * run's own.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when the directory holds no run
 */
export async function readRun(directory: string, options: ReadRunOptions = {}): Promise<RunReport> {
  rejectUnknownOptions(options, ['onConnection', 'where']);
  const { onConnection, where } = options;
  const written = await readRunRecord(directory);
  const node = await readNodeLane(join(directory, RunFile.node));
  const record = await keepOwnPackets(directory, written, node);
  const history = await SocketHistory.read(join(directory, RunFile.sockets));
  const clock = clockOf(record);
  const damage = [...record.damage, ...nodeDamage(node)];
  const facts: RunFacts = {
    clock,
    wireIsWhole: record.capture !== undefined && !damage.some(({ lane }) => lane === 'wire'),
    seenStates: (ends) => history.statesOf(ends, clock),
  };
  const groups = new RunGroups();
  let leftOut = 0;
  let undetermined = 0;
  await joinLanes(directory, record, node, facts, (connection, ours) => {
    const matches = where === undefined || judge(connection, where);
    if (matches === undefined) undetermined++;
    else if (!matches) leftOut++;
    if (matches !== true) return;
    groups.add(connection, ours);
    onConnection?.(connection);
  });
  return { ...reportOf(resolve(directory), record, node, damage), ...groups.counts, leftOut, undetermined };
}

/**
 * The capture of a run, for whoever wants only the wire.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when the directory holds no run, or the run has no capture
 */
export async function captureOfRun(directory: string): Promise<string> {
  const node = await readNodeLane(join(directory, RunFile.node));
  const { capture } = await keepOwnPackets(directory, await readRunRecord(directory), node);
  if (capture !== undefined) return join(directory, capture.file);
  throw new FinwaitError('ERR_FINWAIT_FORMAT', `${directory}: nothing could be captured in this run`, {
    hint: `finwait analyze ${directory} tells what the other lanes saw.`,
  });
}

function judge(connection: RunConnection, where: NonNullable<ReadRunOptions['where']>): boolean | undefined {
  const { row } = connection;
  return row === undefined ? where.byFacts?.(knownFacts(connection)) : where(row);
}

type Told = (connection: RunConnection, ours: Parameters<RunGroups['add']>[1]) => void;

async function joinLanes(
  directory: string,
  { capture, ports, addresses }: RunRecord,
  node: NodeLane,
  facts: RunFacts,
  tell: Told,
): Promise<void> {
  const index = new LifeIndex({ ...node, ...(addresses && { addresses }) }, facts.clock);
  let connections = 0;
  if (capture !== undefined) {
    const controls = new Map<number, ControlSegments>();
    const analysis = await analyzeCapture(await openCaptureSource(join(directory, capture.file)), {
      onPacket: (packet, id) => {
        let segments = controls.get(id);
        if (segments === undefined) {
          segments = new ControlSegments();
          controls.set(id, segments);
        }
        segments.see(packet);
      },
      onRow: (row) => {
        const joined = index.take(row);
        const segments = controls.get(row.id);
        controls.delete(row.id);
        if (joined === undefined || segments === undefined) return;
        const connection = joinConnection(row, segments.of(row), joined, facts);
        tell(connection, sidesOf(connection, joined.listen !== undefined));
      },
    });
    ({ connections } = analysis);
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

/** Without a capture there is no second clock: what the wall said at the start will do. */
export function clockOf({ capture, startedAt, startedAtNs }: RunRecord): ClockMap {
  if (capture?.clock !== undefined) {
    const { offsetNs, errorNs } = capture.clock;
    return { offsetNs: BigInt(offsetNs), errorNs: BigInt(errorNs) };
  }
  return { offsetNs: BigInt(Date.parse(startedAt)) * 1_000_000n - BigInt(startedAtNs), errorNs: 1_000_000n };
}

function nodeDamage({ threads }: NodeLane): Damage[] {
  const damage: Damage[] = [];
  if (threads.length === 0)
    damage.push({ lane: 'node', kind: 'lane-missing', detail: 'no Node process left a record' });
  const killed = threads.filter(({ ended }) => !ended).length;
  if (killed > 0) {
    const detail = `${killed} of ${threads.length} threads ended by a signal: their last few ms may be missing`;
    damage.push({ lane: 'node', kind: 'reports-lost', detail });
  }
  const leftOut = threads.reduce((sum, each) => sum + each.leftOut.sockets, 0);
  if (leftOut > 0) {
    const detail = `${leftOut} sockets were left out of records that had reached their limit`;
    damage.push({ lane: 'node', kind: 'reports-lost', detail });
  }
  return damage;
}

function reportOf(
  directory: string,
  record: RunRecord,
  { threads }: NodeLane,
  damage: readonly Damage[],
): Omit<RunReport, keyof RunGroups['counts'] | 'leftOut' | 'undetermined'> {
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
    damage: record.finished
      ? damage
      : [
          ...damage,
          { lane: 'wire', kind: 'capture-ended', detail: 'finwait was killed before the program ended' },
        ],
    hints,
  };
}
