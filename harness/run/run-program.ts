import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LiveEvent } from '../model/live-event.ts';
import { pace } from '../timing.ts';
import { Lanes } from './lanes.ts';
import { LiveEvents } from './live-events.ts';
import { outerEnvironment, isInPrivateNetwork } from './private-network.ts';
import { type ProgramEnd, runToEnd } from './program-process.ts';
import { makeRunDirectory, newRunRecord, RunFile, writeRunRecord } from './run-record.ts';

export interface RunProgramOptions {
  /** Where the record goes. @default a new directory below ./.finwait */
  readonly out?: string;
  /** Capture only TCP to or from these ports. */
  readonly ports?: readonly number[];
  /** Most that the capture may hold while the program runs. @default 1 GiB */
  readonly captureLimitBytes?: number;
  /** Called with what the program's sockets do, within about 50 ms of it, in order of time. */
  readonly onEvent?: (event: LiveEvent) => void;
}

export interface ProgramRun {
  readonly directory: string;
  readonly end: ProgramEnd;
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
  const { out, ports = [], captureLimitBytes = CAPTURE_LIMIT_BYTES, onEvent } = options;
  const directory = await makeRunDirectory(out);
  const record = newRunRecord(command, isInPrivateNetwork() ? 'private' : 'host', ports);
  const lanes = await Lanes.start(directory, { filter: captureFilter(ports), limitBytes: captureLimitBytes });
  await writeRunRecord(directory, { ...record, ...lanes.started });
  const over = new AbortController();
  const told = onEvent === undefined ? undefined : tellLive(directory, onEvent, over.signal);
  let end: ProgramEnd = {};
  try {
    end = await runToEnd(command, programEnvironment(directory));
  } finally {
    over.abort();
    await told;
    const endedAtNs = String(process.hrtime.bigint());
    const seen = await lanes.stop();
    await writeRunRecord(directory, { ...record, ...seen, ...end, endedAtNs, finished: true });
  }
  return { directory, end };
}

const LIVE_MS = 50;

async function tellLive(
  directory: string,
  onEvent: (event: LiveEvent) => void,
  over: AbortSignal,
): Promise<void> {
  await using events = new LiveEvents(join(directory, RunFile.node));
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
