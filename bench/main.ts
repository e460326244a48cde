/**
 * npm run bench [-- lab | analyze | node | run]: what people wait for, each figure beside a floor measured in the same
 * run: the lab, if nothing is said; captures; the observer; `finwait run`.
 */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { findScenario, openLab, runScenario } from '../harness/index.ts';
import { benchAnalyze } from './analyze.ts';
import { benchNode } from './node.ts';
import { benchRun } from './run.ts';
import { median, quantile, timeMs } from './figures.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Labs that are being closed, outside the time that is taken. */
const closing: Promise<void>[] = [];

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  lab: async () => {
    await benchWarmRuns(200);
    await benchColdLab(15);
    await benchDemo(5);
  },
  analyze: benchAnalyze,
  node: benchNode,
  run: benchRun,
};

const name = process.argv[2] ?? 'lab';
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (bench === undefined) {
  process.stderr.write(`no bench "${name}"\nusage: npm run bench -- [${Object.keys(BENCHES).join(' | ')}]\n`);
  process.exitCode = 2;
} else await bench();

/** Floor: the snapshots of `ss` alone that such a run takes (its three barriers on states). */
async function benchWarmRuns(count: number): Promise<void> {
  const scenario = findScenario('half-close-by-client');
  if (scenario === undefined) throw new Error('the catalogue has lost half-close-by-client');
  await using lab = await openLab();
  for (let warmUp = 0; warmUp < 20; warmUp++) await runScenario(lab, scenario);
  const runs: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < count; round++) {
    runs.push(await timeMs(() => runScenario(lab, scenario)));
    floors.push(
      await timeMs(async () => {
        for (let snapshot = 0; snapshot < 3; snapshot++) await lab.sample({ ports: [1] });
      }),
    );
  }
  report('connect + half-close + teardown + verdict, warm', runs, 'three ss snapshots', floors);
}

/** Floor: one bare Node process. */
async function benchColdLab(count: number): Promise<void> {
  const opens: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < count; round++) {
    opens.push(
      await timeMs(async () => {
        const lab = await openLab();
        closing.push(lab.stop());
      }),
    );
    await Promise.all(closing);
    floors.push(await timeMs(() => execa(process.execPath, ['-e', '0'])));
  }
  report('openLab(), cold', opens, 'a bare Node process', floors);
}

/** Floor: `npm run` of a script that does nothing. */
async function benchDemo(count: number): Promise<void> {
  const demos: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < count; round++) {
    demos.push(await timeMs(() => execa('npm', ['run', '--silent', 'demo'], { cwd: ROOT })));
    floors.push(await timeMs(() => execa('npm', ['exec', '--', 'node', '-e', '0'], { cwd: ROOT })));
  }
  report('npm run demo, set up', demos, 'npm exec node -e 0', floors);
}

function report(what: string, tookMs: readonly number[], floor: string, floorMs: readonly number[]): void {
  const ratio = median(tookMs) / median(floorMs);
  process.stdout.write(
    `${what} (${tookMs.length}×): median ${median(tookMs).toFixed(1)} ms, p95 ${quantile(tookMs, 0.95).toFixed(1)} ms\n` +
      `  ${ratio.toFixed(2)} × ${floor} (median ${median(floorMs).toFixed(1)} ms)\n`,
  );
}
