import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LiveEvent } from '../model/live-event.ts';
import { pace } from '../timing.ts';
import { Lanes } from './lanes.ts';
import { LiveEvents } from './live-events.ts';
import { outerEnvironment, isInPrivateNetwork } from './private-network.ts';
import { recordedProcesses, runningThreads } from './node-lane.ts';
import { NodeProcesses } from './node-processes.ts';
import { openRun } from './open-run.ts';
import { type ProgramEnd, runToEnd } from './program-process.ts';
import { makeRunDirectory } from './run-directory.ts';
import { newRunRecord, ownAddresses, RunFile, type RunRecord, writeRunRecord } from './run-record.ts';

export interface RunProgramOptions {
  /** Where the record goes. @default a new directory below ./.finwait */
  readonly out?: string;
  /** Capture only TCP to or from these ports. */
  readonly ports?: readonly number[];
  /** Most that the capture may hold while the program runs. @default 1 GiB */
  readonly captureLimitBytes?: number;
  /** Called with what the program's sockets do, within about 50 ms of it, in order of time. */
  readonly onEvent?: (event: LiveEvent) => void;
  /**
   * Called when the program has ended, or could not be started: signals are no longer passed on to it. The record is
   * still to be made the run's own; whoever is ended before that leaves it to the first who reads it.
   */
  readonly onEnd?: () => void;
}

export interface ProgramRun {
  readonly directory: string;
  readonly end: ProgramEnd;
  /** What went wrong with the record, or with `onEvent` or `onEnd`; the program did not notice. */
  readonly troubles: readonly Error[];
}

const CAPTURE_LIMIT_BYTES = 1024 ** 3;

/**
 * Runs a program, unchanged, with all three lanes on, and leaves their record. It has our stdin, stdout and stderr.
 * A lane that this machine does not grant is left out, and the record says so.
 * @throws FinwaitError ERR_FINWAIT_PROGRAM_NOT_FOUND, ERR_FINWAIT_PROGRAM when it cannot be started; ERR_FINWAIT_USAGE for `out`
 */
export async function runProgram(
  command: readonly string[],
  options: RunProgramOptions = {},
): Promise<ProgramRun> {
  const { out, ports = [], captureLimitBytes = CAPTURE_LIMIT_BYTES, onEvent, onEnd } = options;
  const directory = await makeRunDirectory(out);
  const record = newRunRecord(command, isInPrivateNetwork() ? 'private' : 'host', ports);
  const lanes = await Lanes.start(directory, { filter: captureFilter(ports), limitBytes: captureLimitBytes });
  const troubles: Error[] = [];
  const trouble = (error: unknown): void => void troubles.push(error as Error);
  await writeRunRecord(directory, { ...record, ...lanes.started }).catch(trouble);
  const over = new AbortController();
  const told = onEvent && tellLive(directory, onEvent, over.signal).catch(trouble);
  const processes = new NodeProcesses();
  let watching: Promise<void> | undefined;
  let programPid: number | undefined;
  let end: ProgramEnd = {};
  try {
    end = await runToEnd(command, programEnvironment(directory), (pid) => {
      programPid = pid;
      watching = processes.watch(pid, over.signal);
    });
  } finally {
    try {
      onEnd?.();
    } catch (error) {
      trouble(error);
    }
    over.abort();
    await Promise.all([told, watching]);
    await finish(
      directory,
      { ...record, ...end, ...(programPid !== undefined && { programPid }) },
      lanes,
      processes,
    ).catch(trouble);
  }
  return { directory, end, troubles };
}

async function finish(
  directory: string,
  record: RunRecord,
  lanes: Lanes,
  processes: NodeProcesses,
): Promise<void> {
  const ended = { finished: true, endedAtNs: String(process.hrtime.bigint()) };
  const records = join(directory, RunFile.node);
  const stillRunning = await runningThreads(records);
  const unobserved = processes.without(await recordedProcesses(records));
  const found = { addresses: ownAddresses(record.addresses), stillRunning, unobserved };
  await writeRunRecord(directory, { ...record, ...(await lanes.stop()), ...ended, ...found });
  // Leaves in it what is the run's own, also when nobody will read it.
  await openRun(directory);
}

const LIVE_MS = 50;

async function tellLive(
  directory: string,
  onEvent: (event: LiveEvent) => void,
  over: AbortSignal,
): Promise<void> {
  const events = new LiveEvents(join(directory, RunFile.node));
  for (;;) {
    const last = over.aborted;
    for (const event of await events.poll()) onEvent(event);
    if (last) return;
    await pace(LIVE_MS, over).catch(() => undefined);
  }
}

function captureFilter(ports: readonly number[]): string {
  return ports.length === 0 ? 'tcp' : `tcp and (${ports.map((port) => `port ${port}`).join(' or ')})`;
}

/** The observer goes into every Node process of the program's tree, before whatever else it preloads. */
function programEnvironment(directory: string): NodeJS.ProcessEnv {
  const env = outerEnvironment();
  const register = fileURLToPath(new URL('../node/register.cjs', import.meta.url));
  const options = [`--require ${quoted(register)}`, env['NODE_OPTIONS']].filter(Boolean);
  return { ...env, NODE_OPTIONS: options.join(' '), FINWAIT_RECORD_DIR: join(directory, RunFile.node) };
}

/** As NODE_OPTIONS reads it. */
function quoted(path: string): string {
  return /[\s"\\]/.test(path) ? `"${path.replaceAll(/["\\]/g, String.raw`\$&`)}"` : path;
}
