/**
 * npm run soak [-- --rounds 200 --hogs 2 --at-once 2]: the whole catalogue again and again with every core busy.
 * Exits with 1 when one verdict was not `met`, when a round ended in an error, or when a process is left behind. A run
 * that was not met is kept, and its path printed.
 */
import { inspect } from 'node:util';
import { keepRun } from '../harness/cli/keep-run.ts';
import { CATALOGUE, runCatalogue, type ScenarioRun, type VerdictStatus } from '../harness/index.ts';
import { commandLine, countOption } from './command-line.ts';
import { startCpuHogs } from './cpu-hogs.ts';
import { median, quantile } from './figures.ts';
import { descendants } from './processes.ts';

interface Tally {
  readonly counts: Record<VerdictStatus, number>;
  readonly tookMs: number[];
}

const { rounds, hogs, atOnce } = commandLine(
  'npm run soak -- [--rounds 200] [--hogs 2] [--at-once 2]',
  { rounds: '200', hogs: '2', 'at-once': '2' },
  (texts) => ({
    rounds: countOption('rounds', texts.rounds, 1),
    hogs: countOption('hogs', texts.hogs, 0),
    atOnce: countOption('at-once', texts['at-once'], 1),
  }),
);
const scenarios = CATALOGUE.filter(({ slow }) => slow === undefined);
const tallies = new Map(
  scenarios.map(({ name }): [string, Tally] => [
    name,
    { counts: { met: 0, violated: 0, undetermined: 0 }, tookMs: [] },
  ]),
);

const error = await soak().then(
  () => undefined,
  (reason: unknown) => reason,
);
const left = descendants(process.pid);
printTable();
process.stdout.write(`processes left behind: ${left.length}\n`);
const all = [...tallies.values()].map(({ counts }) => counts);
const wrong = all.reduce((sum, { violated, undetermined }) => sum + violated + undetermined, 0);
const judged = all.reduce((sum, { met }) => sum + met, wrong);
process.stdout.write(`wrong verdicts: ${wrong} of ${judged}; wanted: ${rounds * scenarios.length}\n`);
if (error !== undefined) process.stderr.write(`ended before its time: ${inspect(error)}\n`);
process.exitCode = wrong === 0 && left.length === 0 && error === undefined ? 0 : 1;

async function soak(): Promise<void> {
  await using _hogs = startCpuHogs(hogs);
  process.stdout.write(`${scenarios.length} scenarios × ${rounds}, ${atOnce} at once, ${hogs} CPU hogs\n`);
  for (let round = 1; round <= rounds; round++) {
    for await (const run of runCatalogue(scenarios, { atOnce, timeoutMs: 30_000 })) count(run, round);
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${rounds} `);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
}

function count(run: ScenarioRun, round: number): void {
  const tally = tallies.get(run.scenario);
  tally?.tookMs.push(run.tookMs);
  if (tally !== undefined) tally.counts[run.status]++;
  if (run.status === 'met') return;
  process.stdout.write(`${run.scenario}, round ${round}: ${run.status}; kept as ${keepRun(run)}\n`);
}

function printTable(): void {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  process.stdout.write(`${'scenario'.padEnd(width)}   met  violated  undetermined  median ms  p95 ms\n`);
  for (const [name, { counts, tookMs }] of tallies) {
    const cells = [
      name.padEnd(width),
      String(counts.met).padStart(5),
      String(counts.violated).padStart(9),
      String(counts.undetermined).padStart(13),
      median(tookMs).toFixed(1).padStart(10),
      quantile(tookMs, 0.95).toFixed(1).padStart(7),
    ];
    process.stdout.write(`${cells.join(' ')}\n`);
  }
}
