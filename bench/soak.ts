/**
 * npm run soak [-- --rounds 200 --hogs 2 --at-once 2]: the whole catalogue again and again with every core busy.
 * Exits with 1 when one verdict was not `met`, or when a process is left behind. A run that was not met is kept, and
 * its path printed.
 */
import { parseArgs } from 'node:util';
import { keepRun } from '../harness/cli/keep-run.ts';
import { CATALOGUE, runCatalogue, type ScenarioRun, type VerdictStatus } from '../harness/index.ts';
import { startCpuHogs } from './cpu-hogs.ts';
import { median, quantile } from './figures.ts';
import { descendants } from './processes.ts';

interface Tally {
  readonly counts: Record<VerdictStatus, number>;
  readonly tookMs: number[];
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    hogs: { type: 'string', default: '2' },
    'at-once': { type: 'string', default: '2' },
  },
});
const rounds = Number(values.rounds);
const scenarios = CATALOGUE.filter(({ slow }) => slow === undefined);
const tallies = new Map(
  scenarios.map(({ name }): [string, Tally] => [
    name,
    { counts: { met: 0, violated: 0, undetermined: 0 }, tookMs: [] },
  ]),
);

await soak();
const left = descendants(process.pid);
printTable();
process.stdout.write(`processes left behind: ${left.length}\n`);
const wrong = [...tallies.values()].reduce(
  (sum, { counts }) => sum + counts.violated + counts.undetermined,
  0,
);
process.stdout.write(`wrong verdicts: ${wrong} of ${rounds * scenarios.length}\n`);
process.exitCode = wrong === 0 && left.length === 0 ? 0 : 1;

async function soak(): Promise<void> {
  await using _hogs = startCpuHogs(Number(values.hogs));
  const atOnce = Number(values['at-once']);
  process.stdout.write(
    `${scenarios.length} scenarios × ${rounds}, ${atOnce} at once, ${values.hogs} CPU hogs\n`,
  );
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
