/**
 * npm run bench -- node: what the observer costs a program, against the same program bare, each way the same number of
 * times in turn, medians. Beside it what others take: NODE_DEBUG=net, and @opentelemetry/instrumentation-net (without an
 * exporter), which is installed into node_modules/.cache on first use.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { median } from './figures.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOAD = fileURLToPath(new URL('./node-load.js', import.meta.url));
const REGISTER = fileURLToPath(new URL('../harness/node/register.cjs', import.meta.url));
const ROUNDS = 5;
/** The newest that Node 20 runs. */
const OPEN_TELEMETRY = ['@opentelemetry/api@1.9.0', '@opentelemetry/instrumentation-net@0.67.0'];

interface Way {
  readonly name: string;
  readonly options: string;
  readonly env: Readonly<Record<string, string>>;
}

type Load = 'churn' | 'echo' | 'memory';

/** Runs every load `rounds` times in each way, and prints the medians beside bare. */
export async function benchNode(rounds: number = ROUNDS): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'finwait-bench-'));
  try {
    const ways = await waysIn(folder);
    await compare('churn', 'connections opened and closed a second', ways, rounds);
    await compare('echo', '64-octet round trips a second', ways, rounds);
    await compare('memory', 'octets of memory an open socket', ways, rounds);
    await compareStart(ways, rounds * 4);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function waysIn(folder: string): Promise<Way[]> {
  const records = join(folder, 'records');
  const ways: Way[] = [
    { name: 'bare', options: '', env: {} },
    { name: 'finwait', options: `--require ${REGISTER}`, env: { FINWAIT_RECORD_DIR: records } },
    { name: 'NODE_DEBUG=net', options: '', env: { NODE_DEBUG: 'net' } },
  ];
  const modules = await installOpenTelemetry();
  if (modules === undefined) return ways;
  const preload = join(folder, 'opentelemetry.cjs');
  const from = (name: string): string => JSON.stringify(join(modules, '@opentelemetry', name));
  writeFileSync(
    preload,
    `const { registerInstrumentations } = require(${from('instrumentation')});
     const { NetInstrumentation } = require(${from('instrumentation-net')});
     registerInstrumentations({ instrumentations: [new NetInstrumentation()] });`,
  );
  return [...ways, { name: 'OpenTelemetry', options: `--require ${preload}`, env: {} }];
}

/** @returns the folder of its modules; undefined when they cannot be had, which is printed */
async function installOpenTelemetry(): Promise<string | undefined> {
  const folder = join(ROOT, 'node_modules', '.cache', 'opentelemetry');
  const modules = join(folder, 'node_modules');
  if (existsSync(join(modules, '@opentelemetry', 'instrumentation-net'))) return modules;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const { failed, stderr } = await execa('npm', ['install', '--no-audit', '--no-fund', ...OPEN_TELEMETRY], {
    cwd: folder,
    reject: false,
  });
  if (!failed) return modules;
  process.stdout.write(`OpenTelemetry is left out: npm cannot install it\n${stderr}\n`);
  return undefined;
}

interface Measured {
  readonly figure: number;
  readonly processorMs: number;
}

async function compare(load: Load, unit: string, ways: readonly Way[], rounds: number): Promise<void> {
  const measured = await inTurn(ways, rounds, (way) => measure(load, way));
  process.stdout.write(`${load}: ${unit}, and ms of processor time; medians of ${rounds}\n`);
  const bare = mediansOf(measured.get('bare') ?? []);
  for (const [name, each] of measured) {
    const { figure, processorMs } = mediansOf(each);
    const columns = [
      figure.toFixed(0).padStart(8),
      (load === 'memory' ? `${signed(figure - bare.figure)} B` : percent(figure, bare.figure)).padStart(9),
      processorMs.toFixed(0).padStart(8),
      percent(processorMs, bare.processorMs).padStart(9),
    ];
    process.stdout.write(`  ${name.padEnd(16)}${columns.join('')}\n`);
  }
}

async function measure(load: Load, { options, env }: Way): Promise<Measured> {
  const { stdout } = await execa(process.execPath, ['--expose-gc', LOAD, load], {
    env: { ...env, NODE_OPTIONS: options },
    stderr: 'ignore',
  });
  const [figure = Number.NaN, processorMs = Number.NaN] = stdout.split(' ').map(Number);
  return { figure, processorMs };
}

async function compareStart(ways: readonly Way[], rounds: number): Promise<void> {
  const program = `require('net'); const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);`;
  const measured = await inTurn(ways, rounds, async ({ options, env }) => {
    const startedAt = performance.now();
    const { stdout } = await execa(process.execPath, ['-e', program], {
      env: { ...env, NODE_OPTIONS: options },
      stderr: 'ignore',
    });
    return { figure: performance.now() - startedAt, processorMs: Number(stdout) };
  });
  process.stdout.write(`start-up: ms, and ms of processor time; medians of ${rounds}\n`);
  const bare = mediansOf(measured.get('bare') ?? []);
  for (const [name, each] of measured) {
    const { figure, processorMs } = mediansOf(each);
    const columns = [figure, figure - bare.figure, processorMs, processorMs - bare.processorMs];
    const text = columns.map((ms, index) => (index % 2 === 0 ? ms.toFixed(1) : signed(ms, 1)).padStart(9));
    process.stdout.write(`  ${name.padEnd(16)}${text.join('')}\n`);
  }
}

/** Each way once a round, so that what else the machine does meets all alike. */
async function inTurn(
  ways: readonly Way[],
  rounds: number,
  job: (way: Way) => Promise<Measured>,
): Promise<Map<string, Measured[]>> {
  const measured = new Map(ways.map(({ name }) => [name, [] as Measured[]]));
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) measured.get(way.name)?.push(await job(way));
  }
  return measured;
}

function mediansOf(measured: readonly Measured[]): Measured {
  return {
    figure: median(measured.map(({ figure }) => figure)),
    processorMs: median(measured.map(({ processorMs }) => processorMs)),
  };
}

function percent(value: number, of: number): string {
  return `${((value / of) * 100).toFixed(1)} %`;
}

function signed(value: number, digits = 0): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}
