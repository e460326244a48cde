/**
 * npm run soak [-- --rounds 200 --hogs 2]: the whole catalogue again and again with every core busy.
 * Exits with 1 when one verdict was not `met`, or when a process is left behind.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  CATALOGUE,
  type Lab,
  openLab,
  renderJson,
  runScenario,
  type Scenario,
  type VerdictStatus,
} from '../harness/index.ts';
import { startCpuHogs } from './cpu-hogs.ts';
import { median, quantile } from './figures.ts';
import { descendants } from './processes.ts';

interface Tally {
  readonly scenario: Scenario;
  readonly counts: Record<VerdictStatus, number>;
  readonly tookMs: number[];
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, hogs: { type: 'string', default: '2' } },
});
const rounds = Number(values.rounds);
const tallies = CATALOGUE.map((scenario): Tally => {
  return { scenario, counts: { met: 0, violated: 0, undetermined: 0 }, tookMs: [] };
});

await soak();
const left = descendants(process.pid);
printTable();
process.stdout.write(`processes left behind: ${left.length}\n`);
const wrong = tallies.reduce((sum, { counts }) => sum + counts.violated + counts.undetermined, 0);
process.stdout.write(`wrong verdicts: ${wrong} of ${rounds * tallies.length}\n`);
process.exitCode = wrong === 0 && left.length === 0 ? 0 : 1;

async function soak(): Promise<void> {
  await using _hogs = startCpuHogs(Number(values.hogs));
  await using lab = await openLab();
  process.stdout.write(
    `${tallies.length} scenarios × ${rounds}, ${values.hogs} CPU hogs, ${lab.network} network\n`,
  );
  for (let round = 1; round <= rounds; round++) {
    for (const tally of tallies) await runOnce(lab, tally, round);
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${rounds} `);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
}

async function runOnce(lab: Lab, { scenario, counts, tookMs }: Tally, round: number): Promise<void> {
  const startedAt = performance.now();
  const run = await runScenario(lab, scenario, { timeoutMs: 30_000 });
  tookMs.push(performance.now() - startedAt);
  counts[run.status]++;
  if (run.status === 'met') return;
  const path = join(mkdtempSync(join(tmpdir(), 'finwait-soak-')), `${scenario.name}-${round}.json`);
  writeFileSync(path, renderJson(run));
  process.stdout.write(`${scenario.name}, round ${round}: ${run.status}; kept as ${path}\n`);
}

function printTable(): void {
  const width = Math.max(...tallies.map(({ scenario }) => scenario.name.length));
  process.stdout.write(`${'scenario'.padEnd(width)}   met  violated  undetermined  median ms  p95 ms\n`);
  for (const { scenario, counts, tookMs } of tallies) {
    const cells = [
      scenario.name.padEnd(width),
      String(counts.met).padStart(5),
      String(counts.violated).padStart(9),
      String(counts.undetermined).padStart(13),
      median(tookMs).toFixed(1).padStart(10),
      quantile(tookMs, 0.95).toFixed(1).padStart(7),
    ];
    process.stdout.write(`${cells.join(' ')}\n`);
  }
}
