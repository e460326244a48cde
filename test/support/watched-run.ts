import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { ExitCode } from '../../harness/cli/exit-codes.ts';
import type { RunConnection, RunReport } from '../../harness/index.ts';
import { FewAtOnce } from './few-at-once.ts';
import { type CommandOptions, type CommandResult, finwait } from './finwait.ts';
import { requireCapability } from './require.ts';

/** A program that `finwait run` ran, and what `finwait analyze` tells of it afterwards. */
export interface WatchedRun extends CommandResult {
  readonly directory: string;
  /** As JSON has them: bigints are texts. */
  readonly connections: readonly RunConnection[];
  readonly report: RunReport;
}

/** The built form of a program in test/support/programs. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`programs/${name}.js`, import.meta.url));
}

/** `many-endings.ts:19`: the line of its source that ends with the comment. */
export async function lineOf(name: string, comment: string): Promise<string> {
  const source = new URL(`../../../test/support/programs/${name}.ts`, import.meta.url);
  const lines = (await readFile(source, 'utf8')).split('\n');
  const index = lines.findIndex((line) => line.endsWith(`// ${comment}`));
  if (index === -1) throw new Error(`${name} has no line "${comment}"`);
  return `programs/${name}.ts:${index + 1}:`;
}

/** A directory that goes with the test. */
export async function temporaryDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'finwait-run-test-'));
  t.teardown(async () => rm(directory, { recursive: true }));
  return directory;
}

const atOnce = new FewAtOnce();

/**
 * Runs a command in a private network under finwait.
 * @returns undefined, the test being skipped, where no private network is granted
 */
export async function watchedRun(
  t: ExecutionContext,
  command: readonly string[],
  options: CommandOptions & { readonly flags?: readonly string[] } = {},
): Promise<WatchedRun | undefined> {
  const directory = join(await temporaryDirectory(t), 'run');
  const { flags = ['--private'], ...rest } = options;
  const run = async () => finwait(['run', '--out', directory, ...flags, '--', ...command], rest);
  const result = await atOnce.run(run);
  const refused = result.stderr.includes('ERR_FINWAIT_LAB_REFUSED');
  const reason = refused && result.exitCode === ExitCode.missingCapability ? result.stderr : undefined;
  if (!requireCapability(t, 'private-network', reason)) return undefined;
  return { ...result, directory, ...(await toldAgain(directory)) };
}

/** The files of its record, sorted. Tracepoints are there where tracefs is mounted and this is root. */
export function filesOf({ report }: WatchedRun): string[] {
  const traced = report.coverage.transitions === undefined ? [] : ['trace.txt'];
  return ['capture.pcap', 'node', 'run.json', 'sockets.jsonl', ...traced];
}

export async function toldAgain(directory: string): Promise<Pick<WatchedRun, 'connections' | 'report'>> {
  const { stdout } = await finwait(['analyze', directory, '--json']);
  const lines = stdout.split('\n').map((line) => JSON.parse(line) as { readonly kind: string });
  return {
    connections: lines.filter(({ kind }) => kind === 'connection') as unknown as RunConnection[],
    report: lines.find(({ kind }) => kind === 'summary') as unknown as RunReport,
  };
}
