/**
 * npm run bench -- run: a program that makes 5,000 connections a second for 30 s, bare and under `finwait run`: the
 * rate that it keeps, what of each lane is in the record, and how long the report takes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { readRun } from '../harness/index.ts';
import { timeMs } from './figures.ts';

const LOAD = fileURLToPath(new URL('./run-load.js', import.meta.url));
const MAIN = fileURLToPath(new URL('../harness/cli/main.js', import.meta.url));
const RATE = 5000;
const SECONDS = 30;

interface Load {
  readonly connections: number;
  readonly seconds: number;
}

export async function benchRun(rate: number = RATE, seconds: number = SECONDS): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'finwait-bench-'));
  try {
    const args = [LOAD, String(rate), String(seconds)];
    const bare = JSON.parse((await execa(process.execPath, args)).stdout) as Load;
    const directory = join(folder, 'run');
    const run = [MAIN, 'run', '--private', '--quiet', '--out', directory, '--', process.execPath, ...args];
    const watched = JSON.parse((await execa(process.execPath, run, { stderr: 'inherit' })).stdout) as Load;
    print(`${rate} connections a second for ${seconds} s, two processes`);
    print(`  bare    ${rateOf(bare)}/s`);
    print(`  watched ${rateOf(watched)}/s (${((100 * rateOf(watched)) / rateOf(bare)).toFixed(0)} %)`);
    await printRecord(directory, watched.connections);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function printRecord(directory: string, made: number): Promise<void> {
  const told: Awaited<ReturnType<typeof readRun>>[] = [];
  const first = await timeMs(async () => told.push(await readRun(directory)));
  const again = await timeMs(() => readRun(directory));
  for (const { coverage, connections, damage, largestGapMs } of told) {
    print(`  told ${connections} of ${made} connections`);
    print(`  wire ${coverage.wire}, node ${coverage.nodeTold} of ${coverage.nodeSides} ends`);
    print(`  ss saw ${coverage.kernel}, longest pause ${largestGapMs ?? '?'} ms`);
    print(`  missing: ${damage.map(({ lane, detail }) => `${lane}: ${detail}`).join('; ') || 'nothing'}`);
  }
  print(`  report ${(first / 1000).toFixed(1)} s, again ${(again / 1000).toFixed(1)} s`);
}

function rateOf({ connections, seconds }: Load): number {
  return Math.round(connections / seconds);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
