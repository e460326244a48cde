/** npm run bench -- analyze: the engine beside the tools that people use, on captures that it generates. */
import { closeSync, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Figures } from './analyze-once.ts';
import { PACKETS_PER_CONNECTION, writeCapture } from './capture-generator.ts';
import { median, timeMs } from './figures.ts';

const CLI = fileURLToPath(new URL('../harness/cli/finwait.cjs', import.meta.url));
const ONCE = fileURLToPath(new URL('./analyze-once.js', import.meta.url));
const ROUNDS = 5;
const READ_BYTES = 256 * 1024;

/** A whole process, from its start to its end, its output thrown away. */
interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const SUMMARY = 'finwait analyze --summary';
const TABLE = 'finwait analyze, table';
const TCPDUMP = 'tcpdump -w /dev/null';
const TCPTRACE = 'tcptrace -l';
const TSHARK = 'tshark -z conv,tcp';

/** What is to be compared: the first took so many times as long as the second. */
const RATIOS = [
  [SUMMARY, TCPDUMP],
  [TABLE, TCPDUMP],
  [TCPTRACE, SUMMARY],
  [TSHARK, SUMMARY],
  [TCPTRACE, TABLE],
  [TSHARK, TABLE],
] as const;

export async function benchAnalyze(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'finwait-bench-'));
  try {
    const captures = { small: 10_000, middle: 100_000, large: 1_000_000 };
    const pathOf = (size: keyof typeof captures): string => join(folder, `${size}.pcap`);
    for (const size of ['small', 'middle', 'large'] as const) {
      await writeCapture(pathOf(size), { connections: captures[size] });
    }
    await benchTools(pathOf('middle'), captures.middle * PACKETS_PER_CONNECTION);
    await benchMemory([pathOf('middle'), pathOf('large')]);
    await benchGrowth([pathOf('small'), pathOf('middle'), pathOf('large')], pathOf('small'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Every contender once a round, so that a busy machine is busy for all of them. */
async function benchTools(path: string, packets: number): Promise<void> {
  const contenders = await present([
    { name: SUMMARY, command: process.execPath, args: [CLI, 'analyze', '--summary', path] },
    { name: TABLE, command: process.execPath, args: [CLI, 'analyze', path] },
    { name: TCPDUMP, command: 'tcpdump', args: ['-r', path, '-w', '/dev/null'] },
    { name: TCPTRACE, command: 'tcptrace', args: ['-l', path] },
    { name: TSHARK, command: 'tshark', args: ['-q', '-z', 'conv,tcp', '-r', path] },
  ]);
  const times = new Map<string, number[]>();
  const take = async (name: string, job: () => Promise<unknown>): Promise<void> => {
    times.set(name, [...(times.get(name) ?? []), await timeMs(job)]);
  };
  for (let round = 0; round < ROUNDS; round++) {
    await take('reading the file', async () => {
      await Promise.resolve();
      readWhole(path);
    });
    await take('a bare Node process', () => execa(process.execPath, ['-e', '0']));
    for (const { name, command, args } of contenders) {
      await take(name, () => execa(command, args, { stdout: 'ignore', stderr: 'ignore' }));
    }
  }
  print(`whole processes, ${packets} packets, median of ${ROUNDS} rounds:`);
  const floorMs = median(times.get('reading the file') ?? []);
  for (const [name, tookMs] of times) {
    const ms = median(tookMs);
    const rate = `${(packets / ms / 1000).toFixed(2)} M packets/s`;
    print(
      `  ${name.padEnd(26)} ${ms.toFixed(0).padStart(6)} ms  ${rate}  ${(ms / floorMs).toFixed(1)} × the read`,
    );
  }
  for (const [slower, faster] of RATIOS) {
    const [a, b] = [times.get(slower), times.get(faster)];
    if (a !== undefined && b !== undefined)
      print(`  ${slower} took ${(median(a) / median(b)).toFixed(1)} × ${faster}`);
  }
}

/** Peak of the process, with its runtime: some 45 MB of it are Node's. */
async function benchMemory(paths: readonly string[]): Promise<void> {
  print('memory, summary:');
  for (const path of paths) {
    const { packets, peakMegabytes } = await once(path);
    print(`  ${packets} packets: ${peakMegabytes.toFixed(0)} MB at most`);
  }
}

async function benchGrowth(paths: readonly string[], warmUpPath: string): Promise<void> {
  print('cost per packet, once compiled:');
  for (const path of paths) {
    const runs: Figures[] = [];
    for (let round = 0; round < 3; round++) runs.push(await once(path, warmUpPath));
    const connections = runs[0]?.connections ?? 0;
    const ns = median(runs.map(({ wallMs, packets }) => (wallMs * 1e6) / packets));
    print(`  ${connections} connections: ${ns.toFixed(0)} ns`);
  }
}

async function once(...args: readonly string[]): Promise<Figures> {
  const { stdout } = await execa(process.execPath, [ONCE, ...args]);
  return JSON.parse(stdout) as Figures;
}

/** Those that are installed; of the others it says so. */
async function present(contenders: readonly Contender[]): Promise<Contender[]> {
  const found: Contender[] = [];
  for (const contender of contenders) {
    const { exitCode } = await execa('which', [contender.command], { reject: false });
    if (exitCode === 0) found.push(contender);
    else print(`${contender.command} is not installed: left out`);
  }
  return found;
}

function readWhole(path: string): void {
  const block = Buffer.alloc(READ_BYTES);
  const file = openSync(path, 'r');
  while (readSync(file, block) > 0);
  closeSync(file);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
