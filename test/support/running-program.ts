import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { execa, type ResultPromise } from 'execa';
import { descendants, signalAll } from './processes.ts';
import { temporaryDirectory } from './watched-run.ts';

const MAIN = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));

const OPTIONS = { reject: false, detached: true } as const;

/** A program under `finwait run` that has said that it is ready. */
export interface RunningProgram {
  readonly directory: string;
  /** Of finwait. In a process group of its own, so that no terminal of whoever runs the tests has a say. */
  readonly finwait: ResultPromise<typeof OPTIONS>;
  /** What the program said. */
  readonly ready: string;
}

/** Listens, connects to itself, says `ready PID`; at SIGINT it says so and exits with 7. */
export const WAITS_FOR_SIGINT = `
  const net = require('node:net');
  process.on('SIGINT', () => { console.log('interrupted'); process.exit(7); });
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    net.connect(server.address().port, '127.0.0.1', () => console.log('ready ' + process.pid));
  });`;

/**
 * Starts a script under `finwait run`; resolves at its first output. What of it still runs is killed with the test.
 * @param options `flags` of finwait, `nodeFlags` of the script's Node, `before` finwait the command that execs it
 */
export async function startProgram(
  t: ExecutionContext,
  script: string = WAITS_FOR_SIGINT,
  {
    flags = [],
    nodeFlags = [],
    before = [],
  }: { flags?: readonly string[]; nodeFlags?: readonly string[]; before?: readonly string[] } = {},
): Promise<RunningProgram> {
  const directory = join(await temporaryDirectory(t), 'run');
  const program = [process.execPath, ...nodeFlags, '-e', script];
  const command = [...before, process.execPath, MAIN, 'run', '--out', directory, ...flags, '--', ...program];
  const [file = '', ...args] = command;
  const finwait = execa(file, args, OPTIONS);
  t.teardown(() => finwait.kill('SIGKILL'));
  const [text] = (await once(finwait.stdout, 'data')) as [Buffer];
  const below = descendants(finwait.pid ?? 0);
  t.teardown(() => {
    signalAll(below, 'SIGKILL');
  });
  return { directory, finwait, ready: text.toString().trim() };
}

/** Runs a shell script under finwait, itself started by the command `before`, to its end. */
export async function runShell(
  t: ExecutionContext,
  script: string,
  { before = [] }: { before?: readonly string[] } = {},
): Promise<{ exitCode: number | undefined; signal: string | undefined; stderr: string; directory: string }> {
  const directory = join(await temporaryDirectory(t), 'run');
  const [file, ...args] = [...before, process.execPath, MAIN, 'run', '--out', directory];
  const { exitCode, signal, stderr } = await execa(file, [...args, '--', 'sh', '-c', script], OPTIONS);
  return { exitCode, signal, stderr, directory };
}
