/**
 * npm run bench -- node: what the observer costs a program, against the same program bare, each side the same number
 * of times in turn, medians. Beside it what others take: @opentelemetry/instrumentation-net where it is installed
 * (`npm install --no-save @opentelemetry/instrumentation-net @opentelemetry/instrumentation`), and NODE_DEBUG=net.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { median } from './figures.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOAD = fileURLToPath(new URL('./node-load.js', import.meta.url));
const REGISTER = fileURLToPath(new URL('../harness/node/register.cjs', import.meta.url));
const ROUNDS = 5;

interface Way {
  readonly name: string;
  readonly options: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs every load `rounds` times in each way, and prints the medians as ratios to bare. */
export async function benchNode(rounds: number = ROUNDS): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'finwait-bench-'));
  try {
    const ways = waysIn(folder);
    await compare('churn', 'connections a second', ways, rounds);
    await compare('echo', '64-octet round trips a second', ways, rounds);
    await compare('memory', 'octets a socket', ways.slice(0, 2), rounds);
    await compareStart(ways.slice(0, 2), rounds * 4);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function waysIn(folder: string): Way[] {
  const records = join(folder, 'records');
  const ways: Way[] = [
    { name: 'bare', options: '', env: {} },
    { name: 'finwait', options: `--require ${REGISTER}`, env: { FINWAIT_RECORD_DIR: records } },
    { name: 'NODE_DEBUG=net', options: '', env: { NODE_DEBUG: 'net' } },
  ];
  const otel = join(ROOT, 'node_modules', '@opentelemetry', 'instrumentation-net');
  if (!existsSync(otel)) {
    process.stdout.write('@opentelemetry/instrumentation-net is not installed: left out\n');
    return ways;
  }
  const preload = join(folder, 'otel.cjs');
  const from = (name: string): string => JSON.stringify(join(ROOT, 'node_modules', '@opentelemetry', name));
  writeFileSync(
    preload,
    `const { registerInstrumentations } = require(${from('instrumentation')});
     const { NetInstrumentation } = require(${from('instrumentation-net')});
     registerInstrumentations({ instrumentations: [new NetInstrumentation()] });`,
  );
  return [...ways, { name: 'opentelemetry', options: `--require ${preload}`, env: {} }];
}

async function compare(load: string, unit: string, ways: readonly Way[], rounds: number): Promise<void> {
  const figures = new Map(ways.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) figures.get(way.name)?.push(await measure(load, way));
  }
  const bare = median(figures.get('bare') ?? []);
  process.stdout.write(`${load}: ${unit}, medians of ${rounds}\n`);
  for (const [name, values] of figures) {
    const value = median(values);
    const beside =
      load === 'memory' ? `+${(value - bare).toFixed(0)}` : `${((value / bare) * 100).toFixed(1)} %`;
    process.stdout.write(`  ${name.padEnd(16)} ${value.toFixed(0).padStart(8)}  ${beside}\n`);
  }
}

async function measure(load: string, { options, env }: Way): Promise<number> {
  const { stdout } = await execa(process.execPath, ['--expose-gc', LOAD, load], {
    env: { ...env, NODE_OPTIONS: options },
    stderr: 'ignore',
  });
  return Number(stdout);
}

async function compareStart(ways: readonly Way[], rounds: number): Promise<void> {
  const took = new Map(ways.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, options, env } of ways) {
      const startedAt = performance.now();
      await execa(process.execPath, ['-e', 'require("net")'], { env: { ...env, NODE_OPTIONS: options } });
      took.get(name)?.push(performance.now() - startedAt);
    }
  }
  const [bare, observed] = [...took.values()].map(median);
  process.stdout.write(`start-up: ms, medians of ${rounds}\n`);
  process.stdout.write(
    `  bare ${(bare ?? 0).toFixed(1)}, finwait ${(observed ?? 0).toFixed(1)}: +${((observed ?? 0) - (bare ?? 0)).toFixed(1)}\n`,
  );
}
